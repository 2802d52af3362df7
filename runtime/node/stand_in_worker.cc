// The worker of the node's own tests: says hello, then does what a call on its lane tells it by name. It has no owner
// tables and no tasks; the real one is in worker.cc.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>

#include "../../rpc/control.h"
#include "../launch/entry.h"
#include "../launch/role.h"
#include "session_peer.h"

namespace manta::detail {
namespace {

void obey(const std::string& order) {
  if (order == "print") {
    std::printf("first line\nsecond line\n");
    std::fflush(stdout);
  } else if (order == "abort") {
    std::fprintf(stderr, "about to abort\n");
    std::abort();
  } else if (order == "grandchild") {
    std::system("sleep 1000 & sleep 1001 &");
  } else if (order.starts_with("exit ")) {
    std::exit(std::atoi(order.c_str() + 5));
  }
}

void serve_lane(rpc::RingReader& calls, rpc::RingWriter& replies, rpc::ProcessPage& caller) {
  for (auto call = calls.front(); !call.empty(); call = calls.front()) {
    const std::string order(reinterpret_cast<const char*>(call.data()), call.size());
    obey(order);
    std::byte* to = replies.reserve(static_cast<std::uint32_t>(call.size()));
    std::memcpy(to, call.data(), call.size());
    replies.commit();
    calls.pop();
    rpc::ring(caller.bell);
  }
}

}  // namespace

int worker_main(Attachment&& attachment) {
  if (const char* refuse = std::getenv("STAND_IN_WORKER_FAILS")) {
    std::fprintf(stderr, "this worker cannot start: %s\n", refuse);
    return 3;
  }
  node::SessionPeer peer(attachment);
  struct End {
    rpc::Slot caller;
    rpc::RingReader calls;
    rpc::RingWriter replies;
  };
  std::map<std::uint64_t, End> lanes;
  peer.send({.kind = NodeMessage::hello});
  for (;;) {
    while (const auto message = peer.receive_now()) {
      const std::uint64_t lane = message->frame.arg0;
      switch (message->frame.kind) {
        case NodeMessage::exit_now:
          return 0;
        case NodeMessage::lane_open: {
          const rpc::Lane memory = peer.control().lane(static_cast<std::uint32_t>(lane));
          lanes[lane] = {static_cast<rpc::Slot>(message->frame.arg1),
                         rpc::RingReader(memory.to_callee), rpc::RingWriter(memory.to_caller)};
          break;
        }
        case NodeMessage::lane_close:
        case NodeMessage::lane_dead:
          lanes.erase(lane);
          peer.send({.kind = NodeMessage::lane_closed, .arg0 = lane});
          break;
        case NodeMessage::actor_start: {
          NodeFrame alive = message->frame;
          alive.kind = NodeMessage::actor_alive;
          peer.send(alive);
          break;
        }
        case NodeMessage::actor_end: {
          NodeFrame exiting = message->frame;
          exiting.kind = NodeMessage::actor_exiting;
          peer.send(exiting);
          return 0;
        }
        default:
          break;
      }
    }
    for (auto& [number, end] : lanes) {
      serve_lane(end.calls, end.replies, peer.control().process(end.caller));
    }
    peer.sleep([&] {
      for (const auto& [number, end] : lanes) {
        if (!end.calls.empty()) return true;
      }
      return false;
    });
  }
}

}  // namespace manta::detail
