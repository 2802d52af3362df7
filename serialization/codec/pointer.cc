// Writing first: mention() gives numbers, and the kinds of pointers add who owns the object; bodies come from the
// queue. ReadObjects below is its mirror, with a check for everything that the bytes claim.
#include "pointer.h"

#include <cstring>
#include <memory>
#include <string>
#include <typeinfo>

#include "../../base/error.h"
#include "../../base/thread_own.h"
#include "../stream/reader.h"
#include "../stream/writer.h"

namespace manta::serialization {

WrittenObjects& WrittenObjects::of(Writer& writer) {
  if (writer.behind() == nullptr) {
    WrittenObjects* const spare = base::ThreadSpare<WrittenObjects>::take();
    writer.set_behind(spare != nullptr ? spare : new WrittenObjects);
  }
  return static_cast<WrittenObjects&>(*writer.behind());
}

void WrittenObjects::release() {
  clear();
  base::ThreadSpare<WrittenObjects>::give(this);
}

WrittenObjects::Object& WrittenObjects::mention(Writer& writer, const Met& met) {
  const auto next = static_cast<std::uint32_t>(objects_.size());
  const auto type = reinterpret_cast<std::uintptr_t>(met.record);
  const std::uint32_t number = numbers_.find_or_add(met.object, type, next);
  writer.varint(std::uint64_t{number} + 1);
  if (number == next) {
    objects_.push_back({met.object, met.record, {}});
    if (met.tagged) {
      writer.fixed<std::uint8_t>(met.derived ? 1 : 0);
      if (met.derived) {
        writer.fixed(met.record->fingerprint());
      }
    }
  }
  Object& object = objects_[number];
  if (settled_ != nullptr && object.progress != Progress::kDone) {
    if (object.progress == Progress::kRunning) {
      throw SerializationError(
          std::string("a cycle through a type with a manta_reduce (or a serializer, or a key that "
                      "is compared by what it points to) cannot be rebuilt: it leads back to ") +
          object.record->name);
    }
    settled_->push_back(number);
  }
  return object;
}

namespace {
// The control block that a shared_ptr holds beside its pointer, in every implementation.
void* control_block(const std::shared_ptr<const void>& owner) {
  static_assert(sizeof owner == 2 * sizeof(void*));
  void* words[2];
  std::memcpy(words, static_cast<const void*>(&owner), sizeof words);
  return words[1];
}

// The object that a control block of make_shared() destroys. Null if the block is of another kind.
const void* made_together([[maybe_unused]] void* block) {
#ifdef __GLIBCXX__
  auto* counted = static_cast<std::_Sp_counted_base<std::__default_lock_policy>*>(block);
  return counted->_M_get_deleter(typeid(std::_Sp_make_shared_tag));
#else
  return nullptr;
#endif
}
}  // namespace

// Refuses an aliasing pointer, which shares its control block with a pointer to another object. If nothing else in
// the value points to that one, only a control block that lies around it can tell.
void WrittenObjects::check_owner(std::uint32_t number, const std::shared_ptr<const void>& owner) {
  void* block = control_block(owner);
  if (block == nullptr) {
    throw SerializationError(
        "a shared_ptr that owns nothing (made by the aliasing constructor) cannot be serialized: "
        "what it points to belongs to somebody else");
  }
  const void* whole = made_together(block);
  if (owners_.find_or_add(block, 0, number) != number ||
      (whole != nullptr && whole != objects_[number].address)) {
    throw SerializationError(
        "an aliasing shared_ptr cannot be serialized: it points into an object that is owned as a "
        "whole; point to the whole object or hold the part in a shared_ptr of its own");
  }
}

void WrittenObjects::shared(Writer& writer, const Met& met, std::shared_ptr<const void> owner) {
  Object& object = mention(writer, met);
  const auto number = static_cast<std::uint32_t>(&object - objects_.data());
  check_owner(number, owner);
  if (object.owner == Owner::kShared) {
    return;
  }
  if (object.owner == Owner::kUnique) {
    throw SerializationError("an object is owned by a unique_ptr and a shared_ptr at once");
  }
  object.keep = std::move(owner);
  object.owner = Owner::kShared;
  object.temporary = writer.temporary();
  if (settled_ == nullptr) {
    queue_.push_back(number);
  }
}

void WrittenObjects::weak(Writer& writer, const Met& met, std::shared_ptr<const void> owner) {
  Object& object = mention(writer, met);
  if (object.keep == nullptr) {
    object.keep = std::move(owner);
  }
}

void WrittenObjects::observed(Writer& writer, const Met& met) {
  mention(writer, met).observed = true;
}

std::uint32_t WrittenObjects::unique(Writer& writer, const Met& met) {
  Object& object = mention(writer, met);
  if (object.owner != Owner::kNone) {
    throw SerializationError("an object is owned by two pointers that do not share it");
  }
  object.owner = Owner::kUnique;
  object.progress = Progress::kRunning;
  all_shared_ = false;
  return static_cast<std::uint32_t>(&object - objects_.data());
}

void WrittenObjects::write_body(Writer& writer, std::uint32_t number) {
  Object& object = objects_[number];  // it moves when objects are added
  if (object.progress != Progress::kWaiting || object.owner != Owner::kShared) {
    return;
  }
  object.progress = Progress::kRunning;
  const TypeRecord* record = object.record;
  if (object.temporary) {
    const Writer::Temporary temporary(writer);
    record->write(writer, object.address);
  } else {
    record->write(writer, object.address);
  }
  objects_[number].progress = Progress::kDone;
}

void WrittenObjects::finish(Writer& writer) {
  while (next_ < queue_.size()) {
    write_body(writer, queue_[next_++]);
  }
  write_owners(writer);
  writer.set_tracked_objects(static_cast<std::uint32_t>(objects_.size()), !all_shared_);
}

std::vector<std::uint32_t>* WrittenObjects::begin_settled(std::vector<std::uint32_t>& work) {
  return std::exchange(settled_, &work);
}

void WrittenObjects::end_settled(Writer& writer, std::vector<std::uint32_t>* before) {
  for (std::size_t i = 0; i < settled_->size(); ++i) {
    write_body(writer, (*settled_)[i]);
  }
  settled_ = before;
}

void WrittenObjects::write_owners(Writer& writer) {
  for (const Object& object : objects_) {
    if (object.owner == Owner::kNone) {
      if (object.observed) {
        throw SerializationError(std::string("a manta::observer points to an object that no "
                                             "shared_ptr or unique_ptr of the same value owns: ") +
                                 object.record->name);
      }
      all_shared_ = false;
    }
  }
  if (!all_shared_) {
    for (const Object& object : objects_) {
      writer.fixed(object.owner);
    }
  }
}

void WrittenObjects::clear() {
  numbers_.clear();
  owners_.clear();
  objects_.clear();
  queue_.clear();
  next_ = 0;
  settled_ = nullptr;
  all_shared_ = true;
}

ReadObjects& ReadObjects::of(Reader& reader) {
  if (reader.behind() == nullptr) {
    reader.set_behind(std::make_unique<ReadObjects>(reader.owners()));
  }
  return static_cast<ReadObjects&>(*reader.behind());
}

Pointee ReadObjects::mention(Reader& reader, const TypeRecord& record, FindDerived find) {
  const std::uint64_t mentioned = reader.varint();
  if (mentioned == 0) {
    return {};
  }
  if (mentioned > objects_.size() + 1) {
    Reader::fail("a pointer mentions an object that does not exist");
  }
  const auto number = static_cast<std::uint32_t>(mentioned - 1);
  if (number == objects_.size()) {
    if (number >= reader.tracked_objects()) {
      Reader::fail("there are more objects than the header says");
    }
    const TypeRecord* actual = &record;
    if (find != nullptr && reader.boolean()) {
      actual = find(reader.fixed<std::uint64_t>());
    }
    if (actual->write == nullptr) {
      Reader::fail("a pointer to an abstract object has no type");
    }
    Object object;
    object.record = actual;
    object.owner = owners_.empty() ? Owner::kShared : static_cast<Owner>(owners_[number]);
    reader.charge(actual->size + sizeof(Object));
    objects_.push_back(object);
    Object& made = objects_.back();
    if (made.owner == Owner::kUnique) {
      made.address = actual->allocate();
    } else {
      made.cell = actual->make_cell();
      made.address = made.cell.object;
    }
  }
  Object& object = objects_[number];
  if (object.record != &record && find == nullptr) {
    Reader::fail("two pointers to one object have different types");
  }
  if (settled_ != nullptr && object.progress != Progress::kDone) {
    if (object.progress == Progress::kRunning) {
      Reader::fail("a cycle leads through a type with a manta_reduce");
    }
    settled_->push_back(number);
  }
  return {object.address, object.record, &object.cell.owner, number};
}

Pointee ReadObjects::shared(Reader& reader, const TypeRecord& record, FindDerived find) {
  const Pointee pointee = mention(reader, record, find);
  if (pointee.object != nullptr) {
    Object& object = objects_[pointee.number];
    if (object.owner != Owner::kShared) {
      Reader::fail("a shared pointer leads to an object that is not shared");
    }
    if (!object.queued) {
      object.queued = true;
      if (settled_ == nullptr) {
        queue_.push_back(pointee.number);
      }
    }
  }
  return pointee;
}

Pointee ReadObjects::weak(Reader& reader, const TypeRecord& record, FindDerived find) {
  const Pointee pointee = mention(reader, record, find);
  if (pointee.object != nullptr) {
    const Owner owner = objects_[pointee.number].owner;
    if (owner == Owner::kUnique) {
      Reader::fail("a weak pointer leads to an object that is not shared");
    }
    if (owner == Owner::kNone) {
      return {};
    }
  }
  return pointee;
}

Pointee ReadObjects::observed(Reader& reader, const TypeRecord& record, FindDerived find) {
  const Pointee pointee = mention(reader, record, find);
  if (pointee.object != nullptr && objects_[pointee.number].owner == Owner::kNone) {
    Reader::fail("an observer leads to an object that nobody owns");
  }
  return pointee;
}

Pointee ReadObjects::unique(Reader& reader, const TypeRecord& record, FindDerived find) {
  const Pointee pointee = mention(reader, record, find);
  if (pointee.object == nullptr) {
    Reader::fail("a unique pointer leads nowhere");
  }
  Object& object = objects_[pointee.number];
  if (object.owner != Owner::kUnique || object.queued) {
    Reader::fail("a unique pointer leads to an object that has another owner");
  }
  object.queued = true;
  object.progress = Progress::kRunning;
  return pointee;
}

void ReadObjects::built_unique(std::uint32_t number) {
  objects_[number].taken = true;
  objects_[number].progress = Progress::kDone;
}

void ReadObjects::build(Reader& reader, std::uint32_t number) {
  Object& object = objects_[number];  // it moves when objects are added
  if (object.progress != Progress::kWaiting || object.owner != Owner::kShared || !object.queued) {
    return;
  }
  object.progress = Progress::kRunning;
  bool* built = object.cell.built;
  object.record->build(reader, object.address);
  *built = true;
  objects_[number].progress = Progress::kDone;
}

void ReadObjects::finish(Reader& reader) {
  while (next_ < queue_.size()) {
    build(reader, queue_[next_++]);
  }
  check_complete(reader.tracked_objects());
}

std::vector<std::uint32_t>* ReadObjects::begin_settled(std::vector<std::uint32_t>& work) {
  return std::exchange(settled_, &work);
}

void ReadObjects::end_settled(Reader& reader, std::vector<std::uint32_t>* before) {
  for (std::size_t i = 0; i < settled_->size(); ++i) {
    build(reader, (*settled_)[i]);
  }
  settled_ = before;
}

void ReadObjects::check_complete(std::uint32_t expected) const {
  if (objects_.size() != expected) {
    Reader::fail("there are fewer objects than the header says");
  }
  for (const Object& object : objects_) {
    const bool whole = object.owner == Owner::kShared   ? object.progress == Progress::kDone
                       : object.owner == Owner::kUnique ? object.taken
                                                        : true;
    if (!whole) {
      Reader::fail("an object that is mentioned is missing");
    }
  }
}

ReadObjects::~ReadObjects() {
  for (Object& object : objects_) {
    if (object.owner == Owner::kUnique) {
      if (!object.taken) {
        object.record->deallocate(object.address);
      }
    } else if (!complete_ && *object.cell.built) {
      // The memory of a cycle dies with its last pointer, without an object in it.
      *object.cell.built = false;
      object.record->destroy(object.address);
    }
  }
}

}  // namespace manta::serialization
