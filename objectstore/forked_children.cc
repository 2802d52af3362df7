#include <cerrno>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <manta/base/check.h>
#include <manta/objectstore/forked_children.h>
#include <manta/objectstore/store.h>

namespace manta::objectstore {
namespace {

using Blocks = std::vector<base::Ref<Block>>;

constexpr int kPatienceMs = 10'000;  // for a child that makes its copies

// A descriptor that reports the end of a child, and what the child may read until then. Without one (there was none to be
// had) that is until the session ends.
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

  // Where there is no thread to be had the blocks stay until the session ends.
  void start_watching() {
    if (watcher_.joinable()) watcher_.join();  // it had nothing left to watch
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      watcher_ = std::thread([this] { watch(); });
      watching_ = true;
    } catch (const std::system_error&) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void watch() {
    ::pthread_setname_np(::pthread_self(), "manta-fork");
    while (true) {
      Blocks dropped;  // outside the lock: the last count of a block tells the node
      {
        const std::lock_guard lock(mutex_);
        dropped = take_ended();
        if (ending_ || children_.empty()) {
          watching_ = false;
          return;
        }
      }
      dropped.clear();
      wait();
    }
  }

  Blocks take_ended() {
    Blocks dropped;
    children_.remove_if([&](Child& child) {
      pollfd end{.fd = child.alive.get(), .events = 0, .revents = 0};
      if (::poll(&end, 1, 0) <= 0) return false;  // else POLLHUP
      dropped.insert(dropped.end(), std::make_move_iterator(child.blocks.begin()),
                     std::make_move_iterator(child.blocks.end()));
      return true;
    });
    return dropped;
  }

  void wait() {
    std::vector<pollfd> ends{{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    {
      const std::lock_guard lock(mutex_);
      for (const Child& child : children_) {
        ends.push_back({.fd = child.alive.get(), .events = 0, .revents = 0});
      }
    }
    ::poll(ends.data(), ends.size(), -1);
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

Children* children = nullptr;  // under the lock of the current store

// The fork that is under way.
struct Fork {
  Store* store = nullptr;
  Blocks blocks;
  base::Fd ours;    // the parent's end of a pair of sockets
  base::Fd theirs;  // the child's: it says that it has its copies, and that it lives
};
Fork* under_way = nullptr;
bool in_child = false;

bool any_copies(const Blocks& blocks) {
  for (const auto& block : blocks) {
    if (block->lent_to_user()) return true;
  }
  return false;
}

void before_fork() {
  auto* const fork = new Fork;
  fork->store = lock_current();
  under_way = fork;
  if (fork->store == nullptr) return;
  fork->store->blocks().lock_all();
  fork->blocks = fork->store->blocks().all_locked();
  int ends[2];
  if (fork->blocks.empty() || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return;
  fork->ours = base::Fd(ends[0]);
  fork->theirs = base::Fd(ends[1]);
}

void unlock_blocks(const Fork& fork) {
  if (fork.store != nullptr) fork.store->blocks().unlock_all();
}

void wait_for_copies(int fd) {
  pollfd end{.fd = fd, .events = POLLIN, .revents = 0};
  while (::poll(&end, 1, kPatienceMs) < 0 && errno == EINTR) {
  }
}

void after_fork_in_parent() {
  const std::unique_ptr<Fork> fork(std::exchange(under_way, nullptr));
  fork->theirs.reset();
  if (fork->ours && any_copies(fork->blocks)) wait_for_copies(fork->ours.get());
  unlock_blocks(*fork);
  if (!fork->blocks.empty()) {
    if (children == nullptr) children = new Children;
    children->add({std::move(fork->ours), std::move(fork->blocks)});
  }
  unlock_current();
}

void after_fork_in_child() {
  static Fork* kept = nullptr;  // its blocks keep their counts
  kept = std::exchange(under_way, nullptr);
  Fork& fork = *kept;
  in_child = true;
  if (children != nullptr) children->close_in_child();
  children = nullptr;
  fork.ours.reset();
  if (fork.store != nullptr) {
    Arena& arena = fork.store->arena();
    arena.reserve_in_child();
    if (fork.blocks.empty()) arena.forget_in_child();
    for (const auto& block : fork.blocks) {
      if (block->lent_to_user()) arena.copy_in_child(block->offset(), block->size());
    }
    fork.store->abandon();
    forget_current_in_child();
  }
  unlock_blocks(fork);
  unlock_current();
  // Open as long as this process lives.
  if (fork.theirs) ::send(fork.theirs.get(), "c", 1, MSG_NOSIGNAL);
}

}  // namespace

void handle_forks() {
  static const int registered =
      ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  base::check(registered == 0, "no memory for a fork handler");
}

bool in_forked_child() { return in_child; }

void forget_forked_children() {
  lock_current();
  const std::unique_ptr<Children> ended(std::exchange(children, nullptr));
  unlock_current();
}

}  // namespace manta::objectstore
