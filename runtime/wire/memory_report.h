// What the tools are told of an object store: which objects lie in it, and what holds them. As payloads.
//
// Threads: any. Units: bytes. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

// What one process says of a block of the store.
struct HeldBlock {
  std::uint64_t block = 0;  // its offset
  std::string object = {};  // the id as hexadecimal digits; empty: none is known
  std::string name = {};    // PutOptions::name
  std::string site = {};    // where it was made; only with MANTA_CALL_SITES=1
  // Its references in that process: of objects that refs point to, of calls that have not ended, of arrays.
  std::uint32_t values = 0;
  std::uint32_t calls = 0;
  std::uint32_t arrays = 0;
  bool borrowed = false;  // another process has made it
};

// The payload of MemoryTold.
struct HeldBlocks {
  std::string runs = {};  // the name of the call that the process runs, or empty
  std::vector<HeldBlock> blocks = {};
};

struct MemoryHolder {
  std::string process = {};             // "driver (pid 12)"
  std::string runs = {};                // as in HeldBlocks
  std::vector<std::string> kinds = {};  // kHeld...
};

struct MemoryObject {
  std::string object = {};  // these three as in HeldBlock
  std::string name = {};
  std::string site = {};
  std::string state = {};  // "memory" or "disk"
  std::string owner = {};  // the process that frees it
  std::uint64_t size = 0;
  std::vector<MemoryHolder> holders = {};
};

// What the node keeps a record of, for as long as some process needs it. All are zero when nobody holds anything.
struct NodeRecords {
  std::uint64_t objects = 0;  // published: refs to them have left the processes that made them
  // That are held beyond their makers, by processes or by published objects.
  std::uint64_t blocks = 0;
  std::uint64_t actors = 0;  // also dead ones to which there are handles

  bool operator==(const NodeRecords&) const = default;
};

struct MemoryReport {
  std::uint64_t capacity = 0;  // these as in StoreStats
  std::uint64_t used = 0;
  std::uint64_t spilled = 0;
  std::uint64_t beside = 0;         // of the capacity, in rings and in the store's tables
  std::uint64_t blocks_in_all = 0;  // copies of those on disk are blocks, too
  NodeRecords records = {};
  std::vector<MemoryObject> objects = {};  // the largest first; as many as were asked for
  std::vector<std::string> silent = {};    // processes that did not answer in time
};

// The kinds of reference.
inline constexpr const char* kHeldByRef = "ref";
inline constexpr const char* kHeldByBorrowedRef = "borrowed ref";
inline constexpr const char* kHeldByArray = "array";
inline constexpr const char* kHeldByTask = "pending task";
inline constexpr const char* kHeldInObject = "inside an object";
inline constexpr const char* kHeldAsCopy = "read back from disk";

// "driver (pid 12): ref, array; worker (pid 13), which runs f: borrowed ref"
std::string holders_text(const MemoryObject& object);

std::vector<std::byte> encode(const HeldBlocks& held);
std::vector<std::byte> encode(const MemoryReport& report);
std::optional<HeldBlocks> decode_held_blocks(std::span<const std::byte> bytes);
std::optional<MemoryReport> decode_memory_report(std::span<const std::byte> bytes);

}  // namespace manta::detail
