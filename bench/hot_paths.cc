// The hot paths, for counting their instructions (scripts/instruction_counts, under callgrind): each in one thread of
// one process, without a node, so that the count is the same on every run.
//
//   hot_paths NAME COUNT     runs COUNT operations of kind NAME
//   hot_paths --list         the names
//   hot_paths --all COUNT    runs each, to see that it works
//
// Unit: instructions per operation; bench/instructions.txt is what was accepted last.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <utility>
#include <vector>

#include "../base/check.h"
#include "../objectstore/arena/arena_files.h"
#include "../objectstore/store.h"
#include "../rpc/control.h"
#include "../rpc/mpsc_queue.h"
#include "../runtime/calls/call_lane.h"
#include "../runtime/ownership/object_entry.h"
#include "../runtime/ownership/value.h"
#include "../runtime/wire/lane_messages.h"
#include "../serialization/codec/codec.h"
#include "../serialization/encode.h"
#include "submit_path.h"

namespace {

using namespace manta;

int first_argument() { return 42; }
std::string second_argument() { return "ok"; }

// Two small arguments of a call: a number and a short string.
void encode_small(int count) {
  serialization::Encoded encoded;
  const std::string text = second_argument();
  for (int i = 0; i < count; ++i) {
    encoded.clear();
    serialization::encode(i, encoded);
    encoded.clear();
    serialization::encode(text, encoded);
  }
}

void decode_small(int count) {
  serialization::Encoded number;
  serialization::Encoded text;
  serialization::encode(first_argument(), number);
  serialization::encode(second_argument(), text);
  for (int i = 0; i < count; ++i) {
    base::check(serialization::decode<int>(number) == 42, "a number");
    base::check(serialization::decode<std::string>(text).size() == 2, "a string");
  }
}

base::Ref<detail::ObjectEntry> object_of(int number, serialization::Encoded& scratch) {
  scratch.clear();
  serialization::encode(number, scratch);
  auto entry = base::make_ref<detail::ObjectEntry>(ObjectId(1, static_cast<std::uint64_t>(number)));
  (void)entry->complete(detail::Value(scratch.meta));
  return entry;
}

// An object that only this process knows: made, and dropped again.
void put_small(int count) {
  serialization::Encoded scratch;
  for (int i = 0; i < count; ++i) base::check(object_of(i, scratch)->done(), "an object");
}

void get_small(int count) {
  serialization::Encoded scratch;
  const auto entry = object_of(42, scratch);
  for (int i = 0; i < count; ++i) {
    const int got = entry->read([](const detail::Value& value) {
      return serialization::decode<int>({value.meta(), value.buffers(), value.references()});
    });
    base::check(got == 42, "the value");
  }
}

// The store of a session of one process.
struct OwnStore {
  OwnStore() : files(objectstore::create_arena_files(kSize)) {
    objectstore::Arena::initialize(metadata.data(), metadata.size(), {.memory = kSize});
    objectstore::StoreOptions options;
    options.files = files.descriptors();
    options.metadata = metadata.data();
    options.self = 1;
    store = objectstore::Store::open(std::move(options));
  }

  static constexpr std::size_t kSize = std::size_t{16} << 20;
  objectstore::ArenaFiles files;
  std::vector<std::byte> metadata =
      std::vector<std::byte>(objectstore::Arena::metadata_size({.memory = kSize}));
  base::Ref<objectstore::Store> store;
};

// 128 bytes copied into a block of the store, and freed.
void store_small(int count) {
  const OwnStore own;
  const std::vector<std::byte> bytes(128, std::byte{7});
  const serialization::Buffer buffer{bytes.data(), bytes.size(), {}};
  for (int i = 0; i < count; ++i) {
    base::check(own.store->put_buffers({&buffer, 1}).ok(), "room in the store");
  }
  own.store->close();
}

// 64 bytes through a ring, as they cross to another process.
void ring_message(int count) {
  constexpr std::uint32_t kCapacity = 256 * 1024;
  rpc::RingHeader header{};
  std::vector<std::uint64_t> data(kCapacity / sizeof(std::uint64_t));
  const rpc::RingMemory memory{&header, reinterpret_cast<std::byte*>(data.data()), kCapacity};
  rpc::RingWriter writer(memory);
  rpc::RingReader reader(memory);
  const char message[64] = {};
  for (int i = 0; i < count; ++i) {
    std::memcpy(writer.reserve(sizeof message), message, sizeof message);
    writer.commit();
    base::check(reader.front().size() == sizeof message, "the message");
    reader.pop();
  }
}

// What a user thread submits, in bursts of 100, and the holder of the baton takes.
void submit_queue(int count) {
  struct Item : rpc::MpscLink {};
  std::vector<Item> items(100);
  rpc::MpscQueue<Item> queue;
  for (int done = 0; done < count; done += 100) {
    for (auto& item : items) queue.push(&item);
    for (auto taken = queue.pop_all(); taken.pop_front() != nullptr;) {
    }
  }
}

// One call through a lane: written by its caller, read and answered by its callee, matched by its caller.
void call_through_lane(int count) {
  constexpr std::uint32_t kLane = 0;
  const auto file = rpc::Control::create({.arena_bytes = 1u << 20});
  rpc::Control control(file.get());
  const OwnStore own;
  detail::CallLane caller(control, *own.store, kLane, 2);
  rpc::RingReader calls(control.lane(kLane).to_callee);
  rpc::RingWriter replies(control.lane(kLane).to_caller);
  const auto call =
      detail::Call::make(base::make_ref<const detail::CallSite>(detail::CallSpec()), {}, {});
  for (int i = 0; i < count; ++i) {
    base::check(caller.write(*call), "room in the ring");
    caller.keep(call);
    detail::CallFrame frame;
    std::memcpy(&frame, calls.front().data(), sizeof frame);
    calls.pop();
    detail::ReplyFrame reply;
    reply.size = sizeof reply;
    reply.sequence = frame.sequence;
    std::memcpy(replies.reserve(sizeof reply), &reply, sizeof reply);
    replies.commit();
    base::check(caller.receive([](auto&&...) {}), "the reply");
  }
  own.store->close();
}

struct HotPath {
  std::string_view name;
  void (*run)(int count);
};
constexpr HotPath kHotPaths[] = {
    {"encode_small", encode_small},
    {"decode_small", decode_small},
    {"put_small", put_small},
    {"get_small", get_small},
    {"store_small", store_small},
    {"ring_message", ring_message},
    {"submit_queue", submit_queue},
    {"call_through_lane", call_through_lane},
    {"submit_call", bench::submit_call},
};

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 1 ? words[1] : "";
  const int operations = count > 2 ? std::atoi(words[2]) : 0;
  bool known = false;
  for (const auto& path : kHotPaths) {
    if (what == "--list") {
      std::printf("%s\n", std::string(path.name).c_str());
    } else if (what == path.name || what == "--all") {
      path.run(operations);
    } else {
      continue;
    }
    known = true;
  }
  if (!known) {
    std::fputs("usage: hot_paths --list | hot_paths NAME COUNT | hot_paths --all COUNT\n", stderr);
  }
  return known ? 0 : 2;
}
