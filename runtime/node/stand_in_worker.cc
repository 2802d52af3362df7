// The worker of the node's own tests: says hello, then does what a call on its lane tells it by name. It has no owner
// tables and no tasks; the real one is in worker.cc.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <signal.h>
#include <string>
#include <unistd.h>

#include "../../rpc/control.h"
#include "../launch/entry.h"
#include "../launch/role.h"
#include "session_peer.h"

namespace manta::detail {
namespace {

void obey(const std::string& order, node::SessionPeer& peer) {
  if (order == "print") {
    std::printf("first line\nsecond line\n");
    std::fflush(stdout);
  } else if (order == "abort") {
    std::fprintf(stderr, "about to abort\n");
    std::abort();
  } else if (order == "grandchild") {
    std::system("sleep 1000 & sleep 1001 &");
  } else if (order == "send nonsense") {
    const MessageHead head{.kind = ToNode::kind<LaneClosed>(), .payload_size = 1000};
    peer.send_bytes(std::as_bytes(std::span(&head, 1)));
  } else if (order.starts_with("exit ")) {
    std::exit(std::atoi(order.c_str() + 5));
  }
}

void serve_lane(node::SessionPeer& peer, rpc::RingReader& calls, rpc::RingWriter& replies,
                rpc::ProcessPage& caller) {
  for (auto call = calls.front(); !call.empty(); call = calls.front()) {
    const std::string order(reinterpret_cast<const char*>(call.data()), call.size());
    obey(order, peer);
    std::byte* to = replies.reserve(static_cast<std::uint32_t>(call.size()));
    std::memcpy(to, call.data(), call.size());
    replies.commit();
    calls.pop();
    rpc::ring(caller.bell);
  }
}

class StandInWorker {
 public:
  explicit StandInWorker(const Attachment& attachment) : peer_(attachment) {}

  int run() {
    peer_.send(WorkerHello{});
    for (;;) {
      while (peer_.receive_now([this](const auto&... message) { handle(message...); })) {
        if (exits_) return 0;
      }
      for (auto& [number, end] : lanes_) {
        serve_lane(peer_, end.calls, end.replies, peer_.control().process(end.caller));
      }
      peer_.sleep([this] { return called(); });
    }
  }

 private:
  struct End {
    rpc::Slot caller;
    rpc::RingReader calls;
    rpc::RingWriter replies;
  };

  template <class... Message>
  void handle(const Message&... message) {
    if constexpr (requires { on(message...); }) on(message...);
  }
  void on(const LaneOpen& open) {
    const rpc::Lane memory = peer_.control().lane(open.lane);
    lanes_[open.lane] = {open.caller, rpc::RingReader(memory.to_callee),
                         rpc::RingWriter(memory.to_caller)};
  }
  void on(const LaneClose& close) { forget(close.lane); }
  void on(const LaneDead& dead, PayloadBytes) { forget(dead.lane); }
  void on(const ActorStart& start, PayloadBytes) { peer_.send(ActorAlive{.actor = start.actor}); }
  void on(const ActorEnd& end) {
    peer_.send(ActorExiting{.actor = end.actor});
    exits_ = true;
  }
  void on(const ExitNow&) { exits_ = true; }

  void forget(std::uint32_t lane) {
    lanes_.erase(lane);
    peer_.send(LaneClosed{.lane = lane});
  }
  bool called() const {
    return std::any_of(lanes_.begin(), lanes_.end(),
                       [](const auto& lane) { return !lane.second.calls.empty(); });
  }

  node::SessionPeer peer_;
  std::map<std::uint32_t, End> lanes_;
  bool exits_ = false;
};

}  // namespace

int worker_main(Attachment&& attachment) {
  if (const char* refuse = std::getenv("STAND_IN_WORKER_FAILS")) {
    std::fprintf(stderr, "this worker cannot start: %s\n", refuse);
    return 3;
  }
  return StandInWorker(attachment).run();
}

}  // namespace manta::detail
