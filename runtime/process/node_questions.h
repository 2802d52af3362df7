// Questions of this process to its node, each answered once by a message that carries its number.
//
// Threads: ask() from any; on_answer() is the holder of the baton's.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "../../rpc/progress.h"
#include "../ownership/open_session.h"
#include "../ownership/ownership.h"
#include "../wire/node_messages.h"

namespace manta::detail {

class NodeQuestions {
 public:
  NodeQuestions(OpenSession& session, Ownership& ownership, rpc::Progress& progress)
      : session_(session), ownership_(ownership), progress_(progress) {}

  struct Answer {
    NodeFrame frame;
    std::vector<std::byte> payload;
  };
  // Sends `question`, whose arg0 becomes its number. Once a second `give_up(how long it has waited)` decides, and may throw.
  // Nothing: given up, or the session is over.
  using GiveUp = std::function<bool(std::chrono::seconds)>;
  std::optional<Answer> ask(NodeFrame question, std::span<const std::byte> payload,
                            const GiveUp& give_up);

  void on_answer(const NodeFrame& frame, std::span<const std::byte> payload);

 private:
  struct Open {
    std::atomic<bool> answered{false};
    Answer answer;
  };
  class Asked;

  OpenSession& session_;
  Ownership& ownership_;
  rpc::Progress& progress_;
  std::uint64_t last_ = 0;              // under the tables lock, as
  std::map<std::uint64_t, Open> open_;  // those that wait for their answer
};

}  // namespace manta::detail
