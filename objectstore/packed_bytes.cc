#include "packed_bytes.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace manta::objectstore {
namespace {

constexpr std::size_t kPackSize = 4096;
constexpr std::size_t kAlone = 1024;  // longer strings are not packed
constexpr std::size_t kAlignment = 8;

constexpr std::size_t aligned(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

class PackedBytes::Pack final : public base::Storage {
 public:
  Pack(PackedBytes& packs, const NewBlock& block)
      : Storage(block.storage->data(), block.storage->size()),
        packs_(packs),
        block_(block.storage),
        writable_(block.writable) {
    block_->read_unasked();
    block_->count_keeper(Keeper::kValue, 1);  // for the census, which says "ref"
  }

  std::size_t room() const { return size() - used_; }  // under the lock
  const std::byte* add(std::span<const std::byte> bytes) {
    std::memcpy(writable_ + used_, bytes.data(), bytes.size());
    const std::byte* const at = data() + used_;
    used_ = std::min(size(), used_ + aligned(bytes.size()));
    return at;
  }

 private:
  ~Pack() override { block_->count_keeper(Keeper::kValue, -1); }
  void destroy() noexcept override {
    const base::StorageRef kept = block_;  // and with it `packs_`
    {
      const std::lock_guard lock(packs_.mutex_);
      if (packs_.open_ == this) packs_.open_ = nullptr;
    }
    delete this;
  }

  PackedBytes& packs_;
  const base::StorageRef block_;
  std::byte* const writable_;
  std::size_t used_ = 0;
};

bool PackedBytes::put_into_open(std::span<const std::byte> bytes, Place& place) {
  const std::lock_guard lock(mutex_);
  if (open_ == nullptr || open_->room() < bytes.size() || !open_->try_retain()) return false;
  place = {open_->add(bytes), base::StorageRef::adopt(open_)};
  return true;
}

// Two threads may both find no room, and make a pack each: one of the two stays open.
base::Result<PackedBytes::Place, StoreError> PackedBytes::put(std::span<const std::byte> bytes,
                                                              const Make& make) {
  Place place;
  const bool alone = bytes.size() > kAlone;
  if (!alone && put_into_open(bytes, place)) return place;
  const auto block = make(alone ? bytes.size() : kPackSize);
  if (!block.ok()) return block.error();
  const auto pack = base::make_ref<Pack>(*this, *block);
  place = {pack->add(bytes), pack};
  if (alone) return place;
  const std::lock_guard lock(mutex_);
  open_ = pack.get();
  return place;
}

}  // namespace manta::objectstore
