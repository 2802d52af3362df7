// DiskWork is the place for spilled objects, and the threads that read and write there, so that the node does not wait
// for disks. They are made for the first work.
//
// Threads: post() is the node's; `work` runs on one of two others. The place as SpillPlace says.
// Errors:  none.
#pragma once
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../objectstore/spill/spill_place.h"
#include "own_asio.h"

namespace manta::detail::node {

class DiskWork {
 public:
  // `place` null: nothing is spilled.
  DiskWork(asio::io_context& io, std::unique_ptr<objectstore::SpillPlace> place)
      : io_(io), place_(std::move(place)) {}
  ~DiskWork() {
    goes_on_.reset();
    for (std::thread& thread : threads_) thread.join();
  }
  DiskWork(const DiskWork&) = delete;

  bool possible() const { return place_ != nullptr; }
  objectstore::SpillPlace& place() const { return *place_; }
  // Gives why it cannot be done; empty: it will be.
  std::string post(std::function<void()> work) {
    try {
      while (threads_.size() < kThreads) threads_.emplace_back([this] { work_.run(); });
    } catch (const std::exception& error) {  // ulimit -u
      if (threads_.empty()) return std::string("no thread for it: ") + error.what();
    }
    asio::post(work_, std::move(work));
    return {};
  }
  // By the work: what the node does with its result.
  void post_back(std::function<void()> then) { asio::post(io_, std::move(then)); }

 private:
  static constexpr std::size_t kThreads = 2;

  asio::io_context& io_;
  const std::unique_ptr<objectstore::SpillPlace> place_;
  asio::io_context work_;
  asio::executor_work_guard<asio::io_context::executor_type> goes_on_ =
      asio::make_work_guard(work_);
  std::vector<std::thread> threads_;
};

// How long the place may take for so many bytes before it is given up.
constexpr std::int64_t disk_patience_ms(std::uint64_t bytes) {
  return 60'000 + static_cast<std::int64_t>(bytes / 1000);  // 1 MB/s
}

}  // namespace manta::detail::node
