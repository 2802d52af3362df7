// Messages between the processes of one node, of any bytes. Whoever sends malformed ones is broken: base::check() says
// what is cut off and ends the process; here it ends the input. What is read lies inside the bytes.
//
// The first byte says which message the rest is.
#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <span>
#include <vector>

#include "../wire/actor_names.h"
#include "../wire/actor_payload.h"
#include "../wire/death_report.h"
#include "../wire/memory_report.h"
#include "../wire/node_messages.h"
#include "../wire/node_status.h"
#include "../wire/notice.h"
#include "../wire/resources.h"
#include "../wire/value_wire.h"
#include "../wire/waits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed);

namespace {

// Nothing is destroyed on the way: messages are checked before anything is made.
std::jmp_buf malformed;

std::uint64_t sum_of(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (const std::byte byte : bytes) sum += static_cast<std::uint64_t>(byte);
  return sum;
}

// Values one behind the other, as in a call or a reply.
std::uint64_t read_values(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  while (!bytes.empty()) {
    const manta::detail::WireReader wire(bytes);
    for (const auto& buffer : wire.buffers()) sum += buffer.block + buffer.size;
    for (const auto& reference : wire.references()) sum += reference.kind + reference.lo;
    sum += sum_of(wire.meta());
    bytes = bytes.subspan(wire.size());
  }
  return sum;
}

std::uint64_t read(std::uint8_t which, std::span<const std::byte> bytes) {
  using namespace manta::detail;
  std::uint64_t sum = 0;
  const auto read_parts = [&sum](const auto& message, const auto&... payload) {
    sum += sum_of(std::as_bytes(std::span(&message, 1)));
    ((sum += sum_of(std::as_bytes(std::span(payload)))), ...);
  };
  switch (which % 6) {
    case 0:
      return read_values(bytes);
    case 1:
      return read_message<ToNode>(bytes, read_parts) || read_message<FromNode>(bytes, read_parts)
                 ? sum
                 : 0;
    case 2: {
      const auto actor = decode_actor(bytes);
      const auto shape = decode_shape(bytes);
      const auto of_node = decode_node_resources(bytes);
      const auto asked = decode_name_question(bytes);
      const auto named = decode_name_answer(bytes);
      return (actor ? actor->name.size() + sum_of(actor->call) : 0) +
             (shape ? shape->resources.size() + shape->env.size() + shape->text().size() : 0) +
             (of_node ? of_node->available.size() : 0) + (asked ? asked->name.size() : 0) +
             (named ? named->names.size() : 0);
    }
    case 3: {
      const auto death = decode_death(bytes);
      const auto notice = decode_notice(bytes);
      return (death ? describe(*death).size() + full_text(*death).size() : 0) +
             (notice ? notice->text.size() : 0);
    }
    case 4: {
      const auto record = decode_wait(bytes);
      const auto needs = decode_needs(bytes);
      const auto step = decode_why(bytes);
      return (record ? record->needs.size() : 0) + (needs ? needs->size() : 0) +
             (step ? step->text.size() : 0);
    }
    default: {
      const auto held = decode_held_blocks(bytes);
      const auto report = decode_memory_report(bytes);
      const auto status = decode_node_status(bytes);
      return (held ? held->blocks.size() + held->runs.size() : 0) +
             (report ? report->objects.size() : 0) + (status ? status->jobs.size() : 0);
    }
  }
}

}  // namespace

// In place of manta::base::check_failed(). NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" [[noreturn]] void __wrap__ZN5manta4base12check_failedEPKcRKSt15source_location(
    const char*, const std::source_location&);
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
void __wrap__ZN5manta4base12check_failedEPKcRKSt15source_location(const char*,
                                                                  const std::source_location&) {
  std::longjmp(malformed, 1);  // NOLINT(cert-err52-cpp,modernize-avoid-setjmp-longjmp)
}

// Where the joints are: sizes and counts are words of 4 or 8 bytes, each at a multiple of its size behind the first
// byte.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  const std::size_t width = seed % 2 == 0 ? 4 : 8;
  if (seed % 3 == 0 || size < 1 + width) return LLVMFuzzerMutate(data, size, max);
  const std::size_t words = std::min<std::size_t>((size - 1) / width, 16);
  std::uint8_t* const at = data + 1 + width * (seed / 6 % words);
  std::uint64_t word = 0;
  std::memcpy(&word, at, width);
  const std::uint64_t values[] = {0,        1,        8,        word + 8,
                                  word - 1, word + 1, size - 1, ~std::uint64_t{0}};
  std::memcpy(at, &values[seed / 128 % 8], width);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // In memory of their own, aligned as in a ring.
  std::vector<std::uint64_t> room(size / 8 + 1);
  auto* const bytes = reinterpret_cast<std::byte*>(room.data());
  std::memcpy(bytes, data + 1, size - 1);
  if (setjmp(malformed) == 0) {  // NOLINT(cert-err52-cpp,modernize-avoid-setjmp-longjmp)
    const std::uint64_t sum = read(data[0], {bytes, size - 1});
    if (sum == UINT64_MAX) return 1;
  }
  return 0;
}
