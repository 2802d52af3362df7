// Questions of this process to its node, each answered once by a message that carries its number.
//
// Threads: ask() from any; on() is for the holder of the baton.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <sys/types.h>
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

  using Answer = std::vector<std::byte>;  // the payload
  // Sends the question, a ResourcesAsk, RoomAsk, RestoreAsk, NameClaim, NameAsk or WhyAsk, under a number of its own.
  // After `look`, and then ever more seldom up to once a second, `give_up(how long it has waited)` decides, and may
  // throw. Nothing: given up, too late, or the session is over.
  using GiveUp = std::function<bool(std::chrono::seconds)>;
  static constexpr std::chrono::milliseconds kSeldom{1000};
  static constexpr std::chrono::milliseconds kLong{50};  // for the object store's answers
  template <class Question>
  std::optional<Answer> ask(Question question, PayloadOf<Question> payload, const GiveUp& give_up,
                            rpc::Deadline deadline = {}, std::chrono::milliseconds look = kSeldom);

  bool node_died() const { return ownership_.dead(); }

  void on(const ResourcesTold& told, PayloadBytes payload);
  void on(const NameTold& told, PayloadBytes payload);
  // The payload: 1 byte, which is told.granted, then the text.
  void on(const RoomTold& told, std::string_view text);
  // The payload: the struct, then the text.
  void on(const RestoreTold& told, std::string_view text);
  void on(const WhyTold& told, std::string_view text);

 private:
  struct Open {
    std::atomic<bool> answered{false};
    Answer answer;
  };
  class Asked;

  // The payload, then the text.
  void answer(std::uint64_t question, PayloadBytes payload, std::string_view text = {});

  OpenSession& session_;
  Ownership& ownership_;
  rpc::Progress& progress_;
  std::uint64_t last_ = 0;              // under the tables lock, as
  std::map<std::uint64_t, Open> open_;  // those that wait for their answer
};

// For questions that a living node answers at once: throws RuntimeError, with what the node's process does instead,
// when it is stopped, or has been silent for a minute. `who` begins the text.
NodeQuestions::GiveUp patience_with_node(pid_t node, const char* who);

}  // namespace manta::detail
