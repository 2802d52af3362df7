#include "node_questions.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "../../base/error.h"
#include "../launch/node_process.h"

namespace manta::detail {

// A question that is open, as long as this exists.
class NodeQuestions::Asked final : public rpc::Progress::Waiter {
 public:
  explicit Asked(NodeQuestions& questions) : questions_(questions) {
    const TablesLock lock(questions.session_.tables());
    number_ = ++questions.last_;
    open_ = &questions.open_[number_];
  }
  ~Asked() { (void)close(); }
  // The answer, if it has come. Whatever comes from now on finds no question.
  std::optional<Answer> close() {
    const TablesLock lock(questions_.session_.tables());
    std::optional<Answer> answer;
    if (open_ != nullptr && answered()) answer = std::move(open_->answer);
    if (open_ != nullptr) questions_.open_.erase(number_);
    open_ = nullptr;
    return answer;
  }
  // SYNC: acquire: whoever sees that it is answered sees the answer.
  bool answered() const { return open_->answered.load(std::memory_order_acquire); }
  bool satisfied() const override {
    return answered() || questions_.ownership_.dead() || questions_.ownership_.closed();
  }
  std::uint64_t number() const { return number_; }

 private:
  NodeQuestions& questions_;
  std::uint64_t number_ = 0;
  Open* open_ = nullptr;
};

template <class Question>
std::optional<NodeQuestions::Answer> NodeQuestions::ask(Question question,
                                                        PayloadOf<Question> payload,
                                                        const GiveUp& give_up,
                                                        rpc::Deadline deadline,
                                                        std::chrono::milliseconds look) {
  // The session may be closed meanwhile.
  const auto keep = base::Ref<OpenSession>::retain(&session_);
  Asked asked(*this);
  question.question = asked.number();
  ownership_.node().send(question, payload);
  const auto begun = std::chrono::steady_clock::now();
  for (auto look_at = begun + look;; look = std::min(2 * look, kSeldom), look_at += look) {
    const bool last = deadline && *deadline <= look_at;
    if (progress_.wait(asked, last ? *deadline : look_at) || last) break;
    if (give_up(std::chrono::duration_cast<std::chrono::seconds>(look_at - begun))) break;
  }
  return asked.close();
}

template std::optional<NodeQuestions::Answer> NodeQuestions::ask(ResourcesAsk, NoPayload,
                                                                 const GiveUp&, rpc::Deadline,
                                                                 std::chrono::milliseconds);
template std::optional<NodeQuestions::Answer> NodeQuestions::ask(RoomAsk, std::string_view,
                                                                 const GiveUp&, rpc::Deadline,
                                                                 std::chrono::milliseconds);
template std::optional<NodeQuestions::Answer> NodeQuestions::ask(RestoreAsk, std::string_view,
                                                                 const GiveUp&, rpc::Deadline,
                                                                 std::chrono::milliseconds);
template std::optional<NodeQuestions::Answer> NodeQuestions::ask(NameClaim, PayloadBytes,
                                                                 const GiveUp&, rpc::Deadline,
                                                                 std::chrono::milliseconds);
template std::optional<NodeQuestions::Answer> NodeQuestions::ask(NameAsk, PayloadBytes,
                                                                 const GiveUp&, rpc::Deadline,
                                                                 std::chrono::milliseconds);
template std::optional<NodeQuestions::Answer> NodeQuestions::ask(WhyAsk, PayloadBytes,
                                                                 const GiveUp&, rpc::Deadline,
                                                                 std::chrono::milliseconds);

NodeQuestions::GiveUp patience_with_node(pid_t node, const char* who) {
  constexpr std::chrono::seconds kAnswersWithin{60};
  return [=](std::chrono::seconds waited) {
    const bool stopped = std::tolower(process_state(node)) == 't';
    if (!stopped && waited < kAnswersWithin) return false;
    throw RuntimeError(std::string(who) + ": the node process (pid " + std::to_string(node) +
                       ") has not answered for " + std::to_string(waited.count()) + " s" +
                       why_silent(node));
  };
}

void NodeQuestions::on(const ResourcesTold& told, PayloadBytes payload) {
  answer(told.question, payload);
}

// The actor is ours from the next message on.
void NodeQuestions::on(const NameTold& told, PayloadBytes payload) {
  const bool wanted = open_.contains(told.question);
  if (!wanted && !told.held.is_nil()) (void)ownership_.adopt_actor(told.held, Arrival::kHeld);
  answer(told.question, payload);
}

void NodeQuestions::on(const RoomTold& told, std::string_view text) {
  const std::byte granted{told.granted != 0};
  answer(told.question, {&granted, 1}, text);
}

void NodeQuestions::on(const RestoreTold& told, std::string_view text) {
  if (told.outcome == RestoreTold::Outcome::kInMemory && open_.contains(told.question)) {
    // Here, and not where it was asked: the node may ask for the block again by its next message. Of a question that
    // was given up nobody knows whether the block is the same still.
    const auto block = ownership_.store().blocks().find(told.block);
    if (block) block->bytes_are_back();
  }
  if (told.outcome == RestoreTold::Outcome::kRestored && !open_.contains(told.question)) {
    // Given up: the hold that was counted for us is released.
    (void)ownership_.store().blocks().adopt(told.block, objectstore::Share::kHeld);
    return;
  }
  answer(told.question, std::as_bytes(std::span(&told, 1)), text);
}

void NodeQuestions::on(const WhyTold& told, std::string_view text) {
  answer(told.question, {}, text);
}

void NodeQuestions::answer(std::uint64_t question, PayloadBytes payload, std::string_view text) {
  const auto found = open_.find(question);
  if (found == open_.end()) return;  // given up
  Open& open = found->second;
  const auto tail = std::as_bytes(std::span(text));
  open.answer.assign(payload.begin(), payload.end());
  open.answer.insert(open.answer.end(), tail.begin(), tail.end());
  // SYNC: release: the answer.
  open.answered.store(true, std::memory_order_release);
}

}  // namespace manta::detail
