// DiskWork is the place for spilled objects, and the threads that read and write there, so that the node does not wait
// for disks. They are made for the first work.
//
// Threads: post() is the node's; `work` runs on one of two others. The place as SpillPlace says.
// Errors:  none.
#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include "../../objectstore/spill/spill_place.h"

namespace manta::detail::node {

class DiskWork {
 public:
  // `place` null: nothing is spilled.
  DiskWork(asio::io_context& io, std::unique_ptr<objectstore::SpillPlace> place)
      : io_(io), place_(std::move(place)) {}
  ~DiskWork() {
    if (threads_) threads_->join();
  }
  DiskWork(const DiskWork&) = delete;

  bool possible() const { return place_ != nullptr; }
  objectstore::SpillPlace& place() const { return *place_; }
  // Gives why it cannot be done; empty: it will be.
  std::string post(std::function<void()> work) {
    try {
      if (!threads_) threads_.emplace(2);
    } catch (const std::exception& error) {  // ulimit -u
      return std::string("no thread for it: ") + error.what();
    }
    asio::post(*threads_, std::move(work));
    return {};
  }
  // By the work: what the node does with its result.
  void post_back(std::function<void()> then) { asio::post(io_, std::move(then)); }

 private:
  asio::io_context& io_;
  const std::unique_ptr<objectstore::SpillPlace> place_;
  std::optional<asio::thread_pool> threads_;  // last: it ends before what it uses
};

// How long the place may take for so many bytes before it is given up.
constexpr std::int64_t disk_patience_ms(std::uint64_t bytes) {
  return 60'000 + static_cast<std::int64_t>(bytes / 1000);  // 1 MB/s
}

}  // namespace manta::detail::node
