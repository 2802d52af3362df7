// Questions to the node: each gets its own answer, and none that comes too late.
#include "node_questions.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attachment_fixture.h"
#include "wait_reports.h"

namespace manta::detail {
namespace {

using namespace std::chrono_literals;

// A session whose node answers in the next poll, or never.
class AnsweredSession final : public OpenSession, private rpc::Progress::Work {
 public:
  enum class Node { kAnswers, kIsSilent };

  explicit AnsweredSession(Node how)
      : OpenSession(progress, {}), node_answers_(how == Node::kAnswers) {}

  std::optional<std::string> ask(rpc::Deadline deadline = std::nullopt) {
    const auto answer = questions.ask(
        WhyAsk{}, {}, [](auto) { return false; }, deadline);
    if (!answer) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(answer->data()), answer->size());
  }
  void answer(std::uint64_t question, const std::string& text) {
    const TablesLock lock(tables());
    questions.on(WhyTold{.question = question}, text);
  }
  // The numbers of the questions that the node has got since the last look.
  std::vector<std::uint64_t> asked() {
    std::vector<std::uint64_t> numbers;
    for (auto bytes = node_.front(); !bytes.empty(); bytes = node_.front()) {
      const bool known = read_message<ToNode>(bytes, [&](const auto& message, const auto&...) {
        if constexpr (requires { message.question; }) numbers.push_back(message.question);
      });
      EXPECT_TRUE(known);
      node_.pop();
    }
    return numbers;
  }

 private:
  void last_ref_gone(const ObjectEntry&) override {}
  void last_handle_gone(const ActorEntry&) override {}
  void pass_on_notice(std::span<const std::byte>) override {}
  void forget_in_child() override {}
  bool poll() override {
    if (!node_answers_) return false;
    const auto numbers = asked();
    for (const auto number : numbers) answer(number, "answer to " + std::to_string(number));
    return !numbers.empty();
  }
  bool pending() const override { return node_answers_ && !node_.empty(); }

  const bool node_answers_;
  const Attachment attachment_ = attachment_without_node();

 public:
  Ownership ownership{attachment_, 0};

 private:
  rpc::Cores cores_ = ownership.control().cores(attachment_.slot);
  rpc::RingReader node_{ownership.control().node_rings(attachment_.slot).to_node};

 public:
  rpc::Progress progress{ownership.control().process(attachment_.slot), cores_, *this};
  NodeQuestions questions{*this, ownership, progress};
};

using Node = AnsweredSession::Node;

TEST(NodeQuestions, EachGetsItsOwnAnswer) {
  const auto session = base::make_ref<AnsweredSession>(Node::kAnswers);
  EXPECT_EQ(session->ask(), "answer to 1");
  EXPECT_EQ(session->ask(), "answer to 2");
  session->ownership.store().close();
}

TEST(NodeQuestions, AnAnswerThatComesTooLateIsNobodys) {
  const auto session = base::make_ref<AnsweredSession>(Node::kIsSilent);
  const auto now = std::chrono::steady_clock::now();
  EXPECT_EQ(session->ask(now), std::nullopt);
  EXPECT_EQ(session->asked(), std::vector<std::uint64_t>{1});
  session->answer(1, "late");
  EXPECT_EQ(session->ask(now), std::nullopt);
  EXPECT_EQ(session->asked(), std::vector<std::uint64_t>{2}) << "a number is not used again";
  session->ownership.store().close();
}

TEST(NodeQuestions, EndWithTheSession) {
  const auto session = base::make_ref<AnsweredSession>(Node::kIsSilent);
  session->ownership.close();
  EXPECT_EQ(session->ask(), std::nullopt);
  session->ownership.store().close();
}

TEST(NodeQuestions, EndWithTheNode) {
  const auto session = base::make_ref<AnsweredSession>(Node::kIsSilent);
  session->ownership.node().node_died();
  EXPECT_TRUE(session->questions.node_died());
  EXPECT_EQ(session->ask(), std::nullopt);
  session->ownership.store().close();
}

TEST(WaitReports, ARefusalReachesTheWaitThatItIsOf) {
  WaitReports reports;
  ToldWait first;
  ToldWait second;
  const auto number = reports.add(first);
  EXPECT_NE(reports.add(second), number);
  reports.on(WaitRefused{.wait = number}, "f waits for f");
  EXPECT_TRUE(first.refused.load());
  EXPECT_EQ(first.cycle, "f waits for f");
  EXPECT_FALSE(second.refused.load());
  reports.on(WaitRefused{.wait = number}, "another cycle");
  EXPECT_EQ(first.cycle, "f waits for f") << "the thread that waits may be reading it";
}

TEST(WaitReports, ARefusalOfAWaitThatIsOverIsNobodys) {
  WaitReports reports;
  ToldWait wait;
  const auto number = reports.add(wait);
  reports.remove(number);
  reports.on(WaitRefused{.wait = number}, "late");
  EXPECT_FALSE(wait.refused.load());
}

}  // namespace
}  // namespace manta::detail
