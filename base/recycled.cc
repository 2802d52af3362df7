#include "recycled.h"

#include <new>
#include <utility>

#include "sanitizers.h"

namespace manta::base {

#if defined(MANTA_SANITIZED)

void* take_recycled(std::size_t size) { return ::operator new(size); }
void give_recycled(void* place, std::size_t) noexcept { ::operator delete(place); }
std::size_t kept_bytes() { return 0; }

#else

namespace {

// Class c has blocks of 16 c + 8 bytes: malloc's steps.
constexpr std::size_t class_of(std::size_t size) { return (size + 7) / 16; }
constexpr std::size_t size_of(std::size_t size_class) { return size_class * 16 + 8; }
constexpr std::size_t kClasses = class_of(kLargestRecycled) + 1;
static_assert(size_of(class_of(kLargestRecycled)) == kLargestRecycled);

// Of one thread; it needs neither a constructor nor a destructor.
class Kept {
 public:
  void* take(std::size_t size_class) {
    Block* const block = first_[size_class];
    if (block == nullptr) return nullptr;
    first_[size_class] = block->next;
    bytes_ -= size_of(size_class);
    return block;
  }
  bool keep(void* place, std::size_t size_class) {
    if (bytes_ + size_of(size_class) > kMostKept || !opened()) return false;
    first_[size_class] = new (place) Block{first_[size_class]};
    bytes_ += size_of(size_class);
    return true;
  }
  std::size_t bytes() const { return bytes_; }
  void end() {
    state_ = State::kGone;
    for (Block*& first : first_) {
      while (first != nullptr) ::operator delete(std::exchange(first, first->next));
    }
    bytes_ = 0;
  }

 private:
  struct Block {
    Block* next;
  };
  enum class State : unsigned char { kNew, kOpen, kGone };  // gone: the thread is at its end
  bool opened();

  Block* first_[kClasses] = {};
  std::size_t bytes_ = 0;
  State state_ = State::kNew;
};
static_assert(size_of(0) >= sizeof(void*));

constinit thread_local Kept kept;

struct EndOfThread {
  ~EndOfThread() { kept.end(); }
};

inline bool Kept::opened() {
  if (state_ == State::kNew) [[unlikely]] {
    thread_local const EndOfThread end_of_thread;
    state_ = State::kOpen;
  }
  return state_ == State::kOpen;
}

}  // namespace

void* take_recycled(std::size_t size) {
  if (size > kLargestRecycled) return ::operator new(size);
  const std::size_t size_class = class_of(size);
  void* const place = kept.take(size_class);
  return place != nullptr ? place : ::operator new(size_of(size_class));
}

void give_recycled(void* place, std::size_t size) noexcept {
  if (size > kLargestRecycled || !kept.keep(place, class_of(size))) ::operator delete(place);
}

std::size_t kept_bytes() { return kept.bytes(); }

#endif

}  // namespace manta::base
