// The identity of objects to which smart pointers point: each is written once, however often it is met,
// and comes back as one object.
//
//   mention   varint 0: null; else n + 1, n the object's number; numbers are given in the order of
//             first mention. The first mention of an object through a polymorphic type T adds one
//             byte: 0, it is a T; 1, it is of a registered type, whose fingerprint (8 bytes) follows.
//   body      of an object that shared pointers own: not at the mention but in a queue, written when
//             the root value is; so neither long lists nor cycles recurse. Of one that a unique_ptr
//             owns: in place, after its mention.
//   owners    if the header's second word is 1: at the end of meta a byte for each object: 0 shared,
//             1 unique, 2 none (only weak pointers lead there: they come back empty).
//
// Invariants: the key of an object is its address and type, because an object and its first member share an
//             address; the writer keeps alive what it tracks; a reader that fails destroys all that
//             it built, also cycles.
// Threads: confined.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../stream/behind.h"
#include "../stream/identity_map.h"
#include "../types/type_record.h"

namespace manta::serialization {

enum class Progress : std::uint8_t { kWaiting, kRunning, kDone };

enum class Owner : std::uint8_t { kShared, kUnique, kNone };

// An object as a writer meets it: where the whole of it is, and what type the pointer shows.
struct Met {
  const void* object;        // the most derived one
  const TypeRecord* record;  // of its own type
  bool tagged;               // whether the pointer's type is polymorphic
  bool derived;              // whether the object is of another type than that
};

// What a Writer knows of such objects: made at the first of them, kept for the thread's next value.
class WrittenObjects final : public WrittenBehind {
 public:
  static WrittenObjects& of(Writer& writer);

  void shared(Writer& writer, const Met& met, std::shared_ptr<const void> owner);
  void weak(Writer& writer, const Met& met, std::shared_ptr<const void> owner);
  void observed(Writer& writer, const Met& met);
  // The caller writes the body next, and then calls unique_done().
  std::uint32_t unique(Writer& writer, const Met& met);
  void unique_done(std::uint32_t number) { objects_[number].progress = Progress::kDone; }

  // What is written between the two is settled (settled.h). They nest.
  std::vector<std::uint32_t>* begin_settled(std::vector<std::uint32_t>& work);
  void end_settled(Writer& writer, std::vector<std::uint32_t>* before);
  void abandon_settled(std::vector<std::uint32_t>* before) { settled_ = before; }

  // The bodies in the queue and those they lead to, then the owners.
  void finish(Writer& writer) override;
  void release() override;

 private:
  struct Object {
    const void* address;
    const TypeRecord* record;
    std::shared_ptr<const void> keep;
    Owner owner = Owner::kNone;
    bool temporary = false;
    bool observed = false;
    Progress progress = Progress::kWaiting;
  };

  Object& mention(Writer& writer, const Met& met);
  void write_body(Writer& writer, std::uint32_t number);
  void write_owners(Writer& writer);  // and checks that observed ones have an owner
  void clear();
  void check_owner(std::uint32_t number, const std::shared_ptr<const void>& owner);

  IdentityMap numbers_;
  IdentityMap owners_;  // from control blocks to objects, to find aliasing pointers
  std::vector<Object> objects_;
  std::vector<std::uint32_t> queue_;
  std::size_t next_ = 0;
  std::vector<std::uint32_t>* settled_ = nullptr;
  bool all_shared_ = true;
};

// How a pointer's type finds the records of types derived from it (see registry.h).
using FindDerived = const TypeRecord* (*)(std::uint64_t fingerprint);

// An object as a reader meets it. `owner` is empty for unique ones.
struct Pointee {
  void* object = nullptr;
  const TypeRecord* record = nullptr;
  const std::shared_ptr<void>* owner = nullptr;
  std::uint32_t number = 0;
};

class ReadObjects final : public ReadBehind {
 public:
  static ReadObjects& of(Reader& reader);  // made at the first use
  explicit ReadObjects(std::span<const std::byte> owners) : owners_(owners) {}
  ~ReadObjects() override;
  ReadObjects(const ReadObjects&) = delete;
  ReadObjects& operator=(const ReadObjects&) = delete;

  // A null object for a null pointer. `find` is null for types that are not polymorphic.
  Pointee shared(Reader& reader, const TypeRecord& record, FindDerived find);
  Pointee weak(Reader& reader, const TypeRecord& record, FindDerived find);
  Pointee observed(Reader& reader, const TypeRecord& record, FindDerived find);
  // Memory only: the caller reads the body into it, and then calls built_unique(), when a unique_ptr owns it.
  Pointee unique(Reader& reader, const TypeRecord& record, FindDerived find);
  void built_unique(std::uint32_t number);

  std::vector<std::uint32_t>* begin_settled(std::vector<std::uint32_t>& work);
  void end_settled(Reader& reader, std::vector<std::uint32_t>* before);
  void abandon_settled(std::vector<std::uint32_t>* before) { settled_ = before; }

  // Builds what is in the queue; checks that nothing is missing.
  void finish(Reader& reader) override;
  void keep() override { complete_ = true; }  // the value was read: the objects are its own

 private:
  struct Object {
    void* address = nullptr;
    const TypeRecord* record = nullptr;
    Cell cell = {};
    Owner owner = Owner::kShared;
    bool queued = false;
    bool taken = false;  // of a unique one: a unique_ptr has it
    Progress progress = Progress::kWaiting;
  };

  Pointee mention(Reader& reader, const TypeRecord& record, FindDerived find);
  void build(Reader& reader, std::uint32_t number);
  void check_complete(std::uint32_t expected) const;

  std::vector<Object> objects_;
  std::vector<std::uint32_t> queue_;
  std::size_t next_ = 0;
  std::vector<std::uint32_t>* settled_ = nullptr;
  std::span<const std::byte> owners_;
  bool complete_ = false;
};

}  // namespace manta::serialization
