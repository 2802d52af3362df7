// Children first: the thread that waits for their ends. Then the three handlers of a fork, in the order in which they
// run: before_fork, after_fork_in_parent and after_fork_in_child.
#include "forked_children.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "../base/check.h"
#include "../base/fd.h"
#include "../base/signals_blocked.h"
#include "../base/start_affinity.h"
#include "arena/parallel_copy.h"
#include "store.h"

namespace manta::objectstore {
namespace {

using Blocks = std::vector<base::Ref<Block>>;

constexpr int kPatienceMs = 10'000;  // how long fork() waits for a child that makes its copies
// How often the thread looks if no descriptor was left to wake it.
constexpr int kLookEveryMs = 1000;

// A descriptor that reports the end of a child, and what the child may read until then. If the process had no
// descriptor left, that is until the session ends.
struct Child {
  base::Fd alive;
  Blocks blocks;
};

class Children {
 public:
  Children() : wake_(base::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}

  void add(Child child) {
    const std::lock_guard lock(mutex_);
    if (!watching_) start_watching();
    children_.push_back(std::move(child));
    wake();
  }

  ~Children() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      wake();
    }
    if (watcher_.joinable()) watcher_.join();
  }
  Children(const Children&) = delete;

  // At the end of a session: nobody watches those that live any more, whose arrays stay.
  void leave_alone() {
    drop_ended();
    const std::lock_guard lock(mutex_);
    for (const Child& child : children_) {
      for (const auto& block : child.blocks) block->store().keep_memory();
    }
  }

  // Around a fork: the list is whole in the child.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  // A child closes what it has of its siblings' ends.
  void close_in_child() {
    for (Child& child : children_) child.alive.reset();
    wake_.reset();
  }

 private:
  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }

  // If no thread can be made, the blocks stay until the session ends.
  void start_watching() {
    if (watcher_.joinable()) watcher_.join();  // it had nothing left to watch
    const base::SignalsBlocked inherited_by_the_thread;
    try {
      watcher_ = std::thread([this] { watch(); });
      watching_ = true;
    } catch (const std::system_error&) {
    }
  }

  void watch() {
    ::pthread_setname_np(::pthread_self(), "manta-fork");
    base::run_on_start_cores();
    while (true) {
      drop_ended();
      {
        const std::lock_guard lock(mutex_);
        if (ending_ || children_.empty()) {
          // Whoever joins this thread now may hold locks, so it takes none any more.
          watching_ = false;
          return;
        }
      }
      wait();
    }
  }

  void drop_ended() {
    Blocks dropped;  // outside of the lock, because the last count of a block tells the node
    const std::lock_guard lock(mutex_);
    children_.remove_if([&](Child& child) {
      pollfd end{.fd = child.alive.get(), .events = 0, .revents = 0};
      if (::poll(&end, 1, 0) <= 0) return false;  // else it is POLLHUP
      dropped.insert(dropped.end(), std::make_move_iterator(child.blocks.begin()),
                     std::make_move_iterator(child.blocks.end()));
      return true;
    });
  }

  void wait() {
    std::vector<pollfd> ends{{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    {
      const std::lock_guard lock(mutex_);
      for (const Child& child : children_) {
        ends.push_back({.fd = child.alive.get(), .events = 0, .revents = 0});
      }
    }
    const bool can_be_woken = static_cast<bool>(wake_);
    ::poll(ends.data(), ends.size(), can_be_woken ? -1 : kLookEveryMs);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(wake_.get(), &count, sizeof count);
  }

  base::Fd wake_;
  std::mutex mutex_;
  std::list<Child> children_;
  bool watching_ = false;
  bool ending_ = false;
  std::thread watcher_;
};

Children* children = nullptr;  // guarded by the lock of the stores

// The fork that is under way.
struct Fork {
  std::vector<Store*> stores;
  std::vector<Blocks> blocks;  // of each store
  base::Fd ours;               // the parent's end of a pair of sockets
  base::Fd theirs;  // the child's end, by which it says that it has its copies, and that it lives

  bool any_blocks() const {
    return std::any_of(blocks.begin(), blocks.end(), [](const auto& of) { return !of.empty(); });
  }
  bool any_copies() const {
    return std::any_of(blocks.begin(), blocks.end(), [](const Blocks& of) {
      return std::any_of(of.begin(), of.end(), [](const auto& b) { return b->lent_to_user(); });
    });
  }
};
Fork* under_way = nullptr;

void before_fork() {
  auto* const fork = new Fork;
  const auto stores = lock_stores();
  under_way = fork;
  if (children != nullptr) children->lock();
  fork->stores.assign(stores.begin(), stores.end());
  for (Store* store : fork->stores) {
    store->packed().lock();
    store->blocks().lock_all();
    fork->blocks.push_back(store->blocks().read_locked());
  }
  int ends[2];
  if (!fork->any_blocks() || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return;
  }
  fork->ours = base::Fd(ends[0]);
  fork->theirs = base::Fd(ends[1]);
}

void unlock_blocks(const Fork& fork) {
  for (Store* store : fork.stores) {
    store->blocks().unlock_all();
    store->packed().unlock();
  }
}

void wait_for_copies(int fd) {
  pollfd end{.fd = fd, .events = POLLIN, .revents = 0};
  while (::poll(&end, 1, kPatienceMs) < 0 && errno == EINTR) {
  }
}

void after_fork_in_parent() {
  const std::unique_ptr<Fork> fork(std::exchange(under_way, nullptr));
  fork->theirs.reset();
  if (fork->ours && fork->any_copies()) wait_for_copies(fork->ours.get());
  // Of arrays that other threads have made since the first look the child may have some, too.
  for (std::size_t i = 0; i < fork->stores.size(); ++i) {
    for (auto& block : fork->stores[i]->blocks().read_locked()) {
      fork->blocks[i].push_back(std::move(block));
    }
  }
  unlock_blocks(*fork);
  if (children != nullptr) children->unlock();
  if (fork->any_blocks()) {
    if (children == nullptr) children = new Children;
    Blocks all;
    for (Blocks& of : fork->blocks) {
      all.insert(all.end(), std::make_move_iterator(of.begin()), std::make_move_iterator(of.end()));
    }
    children->add({std::move(fork->ours), std::move(all)});
  }
  unlock_stores();
}

// What the child does for one store of its parent.
void leave_to_parent(Store& store, const Blocks& blocks) {
  if (store.abandoned()) return;  // the store is that of a grandparent
  Arena& arena = store.arena();
  arena.reserve_in_child();
  if (blocks.empty()) arena.forget_in_child();
  for (const auto& block : blocks) {
    if (block->lent_to_user()) arena.copy_in_child(block->offset(), block->size());
  }
  store.abandon();
}

void after_fork_in_child() {
  static Fork* kept = nullptr;  // never destroyed, so that its blocks keep their counts
  kept = std::exchange(under_way, nullptr);
  Fork& fork = *kept;
  copy_alone();
  if (children != nullptr) children->close_in_child();
  children = nullptr;
  fork.ours.reset();
  for (std::size_t i = 0; i < fork.stores.size(); ++i) {
    leave_to_parent(*fork.stores[i], fork.blocks[i]);
  }
  forget_current_in_child();
  unlock_blocks(fork);
  unlock_stores();
  // The descriptor stays open as long as this process lives.
  if (fork.theirs) ::send(fork.theirs.get(), "c", 1, MSG_NOSIGNAL);
}

}  // namespace

void handle_forks() {
  static const int registered =
      ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  base::check(registered == 0, "no memory for a fork handler");
}

void forget_forked_children() {
  (void)lock_stores();
  const std::unique_ptr<Children> ended(std::exchange(children, nullptr));
  unlock_stores();
  if (ended) ended->leave_alone();
}

}  // namespace manta::objectstore
