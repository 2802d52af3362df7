// A FaultyProxy stands between a client of S3 and the server, and does to some connections what networks and busy
// servers do: cuts them, damages them, keeps answers back, or answers 503 in the server's stead.
//
// Threads: any; it serves each connection on a thread of its own. Errors: std::system_error where there is no port.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../../base/fd.h"

namespace manta::testing {

class FaultyProxy {
 public:
  enum class Fault {
    kNone,
    kCut,         // after 100,000 bytes of both directions
    kBusy,        // 503, and it is closed
    kDamage,      // one byte of what the server sends, after 100,000 of them
    kNoAnswer,    // what the server sends does not arrive
    kOneRequest,  // it is closed when more comes behind an answer
  };
  // What happens to the connection with this number, which begins at 0.
  using Plan = std::function<Fault(int connection)>;

  FaultyProxy(std::uint16_t server_port, Plan plan);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  int most_at_once() const { return most_at_once_; }  // connections
  int ranges() const { return ranges_; }              // requests for a part of an object

 private:
  void accept();
  void serve(base::Fd client, Fault fault);
  void carry(const base::Fd& client, const base::Fd& server, Fault fault);

  const std::uint16_t server_port_;
  const Plan plan_;
  base::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0}, open_{0}, most_at_once_{0}, ranges_{0};
  std::atomic<bool> over_{false};
  std::thread acceptor_;
  std::vector<std::thread> servers_;  // of the acceptor's thread
};

}  // namespace manta::testing
