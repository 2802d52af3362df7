// What ends the node's sleep: its bell, the end of its driver, signals, and timers, each armed at most once.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sys/eventfd.h>
#include <utility>

#include "../launch/clock.h"
#include "node.h"
#include "own_asio.h"

namespace manta::detail::node {

using namespace std::chrono_literals;

void Node::watch_bell() {
  bell_.async_wait(asio::posix::stream_descriptor::wait_read, [this](asio::error_code error) {
    if (error) return;
    eventfd_t count = 0;
    eventfd_read(bell_.native_handle(), &count);
    watch_bell();
  });
}

void Node::watch_driver(const std::shared_ptr<Job>& job) {
  watch_socket(job);
  watch_process(job);
}

void Node::watch_socket(const std::shared_ptr<Job>& job) {
  job->socket().async_read_some(asio::buffer(&job->byte_of_driver, 1),
                                [this, job](asio::error_code error, std::size_t) {
                                  if (error == asio::error::operation_aborted) return;
                                  if (error) return driver_is_silent(*job);
                                  driver_says(*job, job->byte_of_driver);
                                  watch_socket(job);
                                });
}

// A child that the driver forked may keep the socket open.
void Node::watch_process(const std::shared_ptr<Job>& job) {
  if (!job->process().is_open()) return;
  job->process().async_wait(asio::posix::stream_descriptor::wait_read,
                            [this, job](asio::error_code error) {
                              if (error) return;
                              if (!job->driver_has_ended()) return watch_process(job);
                              job->let_go = true;
                              end_job(*job);
                            });
}

void Node::watch_signals() {
  child_signal_.async_wait([this](asio::error_code error, int) {
    if (error) return;
    reap();
    watch_signals();
  });
  end_signal_.async_wait([this](asio::error_code error, int) { ending_ |= !error; });
}

void Node::arm_timers() {
  if (peers_.flush() && !full_ring_armed_) {
    full_ring_armed_ = true;
    full_ring_timer_.expires_after(1ms);
    full_ring_timer_.async_wait([this](asio::error_code) { full_ring_armed_ = false; });
  }
  if (const auto retry = leasing_.next_retry(); retry && !retry_armed_) {
    retry_armed_ = true;
    retry_timer_.expires_at(*retry);
    retry_timer_.async_wait([this](asio::error_code) {
      retry_armed_ = false;
      leasing_.retry();
    });
  }
  if (store_room_.anybody_waits() && !room_armed_) {
    room_armed_ = true;
    room_timer_.expires_after(2ms);
    room_timer_.async_wait([this](asio::error_code) {
      room_armed_ = false;
      store_room_.look(monotonic_ms());
    });
  }
  if (census_.waiting() && !census_armed_) {
    census_armed_ = true;
    census_timer_.expires_after(100ms);
    census_timer_.async_wait([this](asio::error_code) {
      census_armed_ = false;
      census_.look();
    });
  }
  const bool sooner = spilling_.urgent() && !spilling_urgent_;
  if (spilling_.busy() && (!spilling_armed_ || sooner)) {
    spilling_armed_ = true;
    spilling_urgent_ = spilling_.urgent();
    spilling_timer_.expires_after(spilling_.look_after());
    spilling_timer_.async_wait([this](asio::error_code error) {
      if (error) return;  // another one was armed
      spilling_armed_ = spilling_urgent_ = false;
      spilling_.look();
    });
  }
  const auto surplus = leasing_.next_surplus();
  if (!surplus || surplus_armed_) return;
  surplus_armed_ = true;
  surplus_timer_.expires_at(*surplus);
  surplus_timer_.async_wait([this](asio::error_code) {
    surplus_armed_ = false;
    leasing_.tell_surplus(std::chrono::steady_clock::now());
  });
}

// Rings and the store's tables take memory page by page, when they are written to; nobody is told (decision 029).
void Node::count_what_is_beside() {
  arena_.set_beside(rpc::Control::memory_in_use(memory_.control.get()));
}

void Node::look_at_memory() {
  if (workers_.size() != 0) {
    if (auto choice = memory_monitor_.look()) {
      workers_.kill(choice->slot);
      ended_for_memory_[choice->slot] = std::move(choice->why);
    }
  }
  memory_timer_.expires_after(memory_monitor_.look_after());
  memory_timer_.async_wait([this](asio::error_code error) {
    if (!error) look_at_memory();
  });
}

void Node::look_ahead() {
  count_what_is_beside();
  leasing_.recall_idle(std::chrono::steady_clock::now(),
                       [this](rpc::Slot worker) { return is_idle(worker); });
  spilling_.keep_room();
  if (const int why = arena_.why_no_huge_pages();
      why != 0 && !std::exchange(told_of_huge_pages_, true)) {
    std::fprintf(stderr,
                 "manta node: the kernel has no huge page for the object store (%s), which uses "
                 "pages of 4 KiB\n",
                 std::strerror(why));
  }
  end_those_that_never_start();
  if (role_.options.standing)
    settle_jobs();  // a detached actor without a process may have been killed
  arena_.set_may_spill(spilling_.possible());
  for (const auto& call : long_calls_.look(lanes_.of_tasks(), monotonic_ms())) {
    peers_.send(call.caller, call.message);
  }
  ahead_timer_.expires_after(ahead_.step());
  ahead_timer_.async_wait([this](asio::error_code error) {
    if (!error) look_ahead();
  });
}

}  // namespace manta::detail::node
