// What a program asks of a node that it wants to join: it arrives whole, with its two descriptors, or not at all.
#include "join_ask.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../../base/socket_pair_fixture.h"
#include "../../base/version.h"
#include "../../rpc/control.h"

namespace manta::detail {
namespace {

base::Fd counter(std::uint64_t value) {
  return base::Fd(::eventfd(static_cast<unsigned>(value), EFD_CLOEXEC));
}
std::uint64_t count_of(const base::Fd& fd) {
  std::uint64_t value = 0;
  EXPECT_EQ(::read(fd.get(), &value, sizeof value), static_cast<ssize_t>(sizeof value));
  return value;
}

TEST(JoinAsk, ArrivesWithItsDescriptors) {
  base::SocketPair sockets;
  JoinRequest sent{.ask = JoinAsk::ours()};
  sent.role = counter(3);
  sent.program = counter(4);
  ASSERT_TRUE(sent.send(sockets.second.get()));
  const auto got = receive_join(sockets.first.get());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->ask, sent.ask);
  EXPECT_EQ(count_of(got->role), 3U);
  EXPECT_EQ(count_of(got->program), 4U);
}

TEST(JoinAsk, SaysWhichMantaItIs) {
  const std::string text = JoinAsk::ours().text();
  EXPECT_EQ(text, std::string("Manta ") + base::version() + " (layout " +
                      std::to_string(rpc::kLayoutVersion) + ")");
  JoinAsk without_end;
  without_end.version.fill('1');
  EXPECT_EQ(without_end.text(), "Manta " + std::string(36, '1') + " (layout 0)");
}

TEST(JoinAsk, WhatIsNoneIsRefused) {
  JoinAsk foreign = JoinAsk::ours();
  foreign.magic[0] = 'M';
  const JoinAsk ours = JoinAsk::ours();
  const std::string bytes[] = {"hello",
                               std::string(reinterpret_cast<const char*>(&foreign), sizeof foreign),
                               std::string(reinterpret_cast<const char*>(&ours), sizeof ours - 1)};
  for (const std::string& text : bytes) {
    base::SocketPair sockets;
    ASSERT_EQ(::write(sockets.second.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    EXPECT_FALSE(receive_join(sockets.first.get())) << text;
  }
  base::SocketPair sockets;
  sockets.second.reset();
  EXPECT_FALSE(receive_join(sockets.first.get()));
  EXPECT_FALSE(JoinRequest().send(sockets.first.get()));
}

}  // namespace
}  // namespace manta::detail
