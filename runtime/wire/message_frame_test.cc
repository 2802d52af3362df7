// Messages between a process and its node, and the values behind them: what arrives is what was sent, or is refused.
#include "message_frame.h"

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "death_report.h"
#include "node_messages.h"

namespace manta::detail {
namespace {

template <class List, class M>
std::vector<std::byte> frame_of(const M& message, PayloadOf<M> payload = {}) {
  std::vector<std::byte> bytes(message_size<M>(payload));
  write_message<List>(bytes.data(), message, payload);
  return bytes;
}

// The message, if the bytes are one of that type.
template <class M, class List>
std::optional<M> read(const std::vector<std::byte>& bytes, std::string* text = nullptr) {
  std::optional<M> result;
  const auto take = [&]<class Other>(const Other& message, const auto&... payload) {
    if constexpr (std::is_same_v<M, Other>) {
      result = message;
      if constexpr (std::is_same_v<PayloadOf<M>, std::string_view>) ((*text = payload), ...);
    }
  };
  if (!read_message<List>(bytes, take)) return std::nullopt;
  return result;
}

TEST(MessageFrame, AMessageArrivesAsItWasSent) {
  const auto bytes = frame_of<FromNode>(LeaseGrant{.key = 7, .lane = 3, .worker = 2});
  EXPECT_EQ(bytes.size(), 24U);  // docs/wire.md shows them
  EXPECT_EQ(bytes[0], std::byte{0x81});
  const auto grant = read<LeaseGrant, FromNode>(bytes);
  ASSERT_TRUE(grant.has_value());
  EXPECT_EQ(grant->key, 7U);
  EXPECT_EQ(grant->lane, 3U);
  EXPECT_EQ(grant->worker, 2);
}

TEST(MessageFrame, AMessageWithoutMembersIsItsHead) {
  const auto bytes = frame_of<ToNode>(WorkerBlocked{});
  EXPECT_EQ(bytes.size(), sizeof(MessageHead));
  EXPECT_TRUE((read<WorkerBlocked, ToNode>(bytes).has_value()));
}

TEST(MessageFrame, APayloadArrivesBehindItsMessage) {
  const auto bytes = frame_of<FromNode>(WhyTold{.question = 5}, "because");
  std::string text;
  const auto told = read<WhyTold, FromNode>(bytes, &text);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->question, 5U);
  EXPECT_EQ(text, "because");
}

TEST(MessageFrame, WhatGoesTheOtherWayIsRefused) {
  EXPECT_FALSE((read<LeaseGrant, ToNode>(frame_of<FromNode>(LeaseGrant{})).has_value()));
  EXPECT_FALSE((read<WorkerHello, FromNode>(frame_of<ToNode>(WorkerHello{})).has_value()));
}

TEST(MessageFrame, AKindHasTheNameOfItsMessage) {
  EXPECT_EQ(ToNode::name(ToNode::kind<WorkerHello>()), "WorkerHello");
  EXPECT_EQ(FromNode::name(FromNode::kind<WaitRefused>()), "WaitRefused");
  for (const std::uint32_t kind : {0U, 128U, ~0U}) {
    EXPECT_EQ(ToNode::name(kind), "no message that goes this way") << kind;
  }
}

TEST(MessageFrame, AnUnknownKindIsRefused) {
  const auto ignore = [](const auto&...) {};
  auto bytes = frame_of<ToNode>(WorkerHello{});
  for (const int kind : {0, 100, 255}) {
    bytes[0] = static_cast<std::byte>(kind);
    EXPECT_FALSE(read_message<ToNode>(bytes, ignore)) << kind;
  }
}

TEST(MessageFrame, AnotherSizeThanTheMessageSaysIsRefused) {
  const auto ignore = [](const auto&...) {};
  const auto whole = frame_of<ToNode>(Fulfil{}, std::vector<std::byte>(16));
  ASSERT_TRUE(read_message<ToNode>(whole, ignore));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_message<ToNode>(std::span(whole).first(size), ignore)) << size;
  }
  auto longer = whole;
  longer.resize(whole.size() + 1);
  EXPECT_FALSE(read_message<ToNode>(longer, ignore));
  auto with_payload = frame_of<ToNode>(Subscribe{});
  with_payload[4] = std::byte{8};
  with_payload.resize(with_payload.size() + 8);
  EXPECT_FALSE(read_message<ToNode>(with_payload, ignore)) << "this message has no payload";
}

TEST(Payload, LongTextsArriveToo) {
  const DeathReport sent{.pid = 5,
                         .signal = 11,
                         .expected = true,
                         .detail = " at address 0x0",
                         .stack = std::string(10'000, 's'),
                         .output = std::string(16'000, 'o')};
  const auto death = decode_death(encode(sent));
  ASSERT_TRUE(death.has_value());
  EXPECT_EQ(death->pid, 5);
  EXPECT_TRUE(death->expected);
  EXPECT_EQ(death->stack, sent.stack);
  EXPECT_EQ(death->output, sent.output);
}

TEST(Payload, WhatIsCutOffAnywhereIsNothing) {
  const auto whole = encode(DeathReport{.pid = 5, .stack = std::string(5'000, 's')});
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_FALSE(decode_death(std::span(whole).first(size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace manta::detail
