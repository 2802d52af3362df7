// The node's first answer: it arrives whole or not at all.
#include "hello.h"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/socket_pair_fixture.h"

namespace manta::detail {
namespace {

base::Fd some_descriptor() { return base::Fd(::eventfd(0, EFD_CLOEXEC)); }

// As it lies in the socket: two numbers, then room for the text.
std::vector<char> frame_of(std::uint32_t size, bool is_error, const std::string& text) {
  std::vector<char> bytes(2 * sizeof(std::uint32_t) + 4096);
  const std::uint32_t head[2] = {size, is_error ? 1U : 0U};
  std::memcpy(bytes.data(), head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, text.data(), text.size());
  return bytes;
}

// What is received of these bytes, behind which the node has died.
bool is_received(std::span<const char> bytes, NodeHello& hello) {
  base::SocketPair sockets;
  EXPECT_EQ(::write(sockets.first.get(), bytes.data(), bytes.size()),
            static_cast<ssize_t>(bytes.size()));
  sockets.first.reset();
  return hello.receive(sockets.second.get());
}

TEST(NodeHello, BringsTheDirectoryAndTheDescriptors) {
  base::SocketPair sockets;
  NodeHello sent{.directory = "/tmp/manta-0/01234567"};
  sent.control = some_descriptor();
  sent.bell = some_descriptor();
  sent.arena.writable = some_descriptor();
  sent.arena.read_only = some_descriptor();
  ASSERT_TRUE(sent.send(sockets.first.get()));
  NodeHello got;
  ASSERT_TRUE(got.receive(sockets.second.get()));
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.directory, sent.directory);
  EXPECT_TRUE(got.control && got.bell && got.arena.writable && got.arena.read_only);
  EXPECT_FALSE(got.arena.overflow_writable);
  const std::uint64_t rung = 7;
  std::uint64_t seen = 0;
  EXPECT_EQ(::write(sent.bell.get(), &rung, sizeof rung), static_cast<ssize_t>(sizeof rung));
  EXPECT_EQ(::read(got.bell.get(), &seen, sizeof seen), static_cast<ssize_t>(sizeof seen));
  EXPECT_EQ(seen, rung);
}

TEST(NodeHello, BringsTheDriversPartBesideTheMemory) {
  for (const bool overflow : {false, true}) {
    base::SocketPair sockets;
    NodeHello sent{.directory = "/tmp"};
    for (base::Fd* fd : {&sent.control, &sent.bell, &sent.arena.writable, &sent.arena.read_only}) {
      *fd = some_descriptor();
    }
    if (overflow) {
      sent.arena.overflow_writable = some_descriptor();
      sent.arena.overflow_read_only = some_descriptor();
    }
    sent.part = base::Fd(::eventfd(9, EFD_CLOEXEC));
    ASSERT_TRUE(sent.send(sockets.first.get()));
    NodeHello got;
    ASSERT_TRUE(got.receive(sockets.second.get()));
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(static_cast<bool>(got.arena.overflow_read_only), overflow);
    std::uint64_t seen = 0;
    EXPECT_EQ(::read(got.part.get(), &seen, sizeof seen), static_cast<ssize_t>(sizeof seen));
    EXPECT_EQ(seen, 9U);
  }
}

TEST(NodeHello, SaysThatTheVersionsDiffer) {
  base::SocketPair sockets;
  const NodeHello sent{.error = "1 and 2", .refusal = NodeHello::Refusal::kBuildMismatch};
  ASSERT_TRUE(sent.send(sockets.first.get()));
  NodeHello got;
  ASSERT_TRUE(got.receive(sockets.second.get()));
  EXPECT_EQ(got.error, "1 and 2");
  EXPECT_EQ(got.refusal, NodeHello::Refusal::kBuildMismatch);
}

TEST(NodeHello, BringsTheReasonWhyThereIsNoNode) {
  base::SocketPair sockets;
  ASSERT_TRUE(NodeHello{.error = "no memory"}.send(sockets.first.get()));
  NodeHello got;
  ASSERT_TRUE(got.receive(sockets.second.get()));
  EXPECT_EQ(got.error, "no memory");
  EXPECT_FALSE(got.control);
  const std::string long_reason(10'000, 'x');
  ASSERT_TRUE(NodeHello{.error = long_reason}.send(sockets.first.get()));
  ASSERT_TRUE(got.receive(sockets.second.get()));
  EXPECT_EQ(got.error, long_reason.substr(0, 4096));
}

TEST(NodeHello, IsNotReceivedInPart) {
  const auto whole = frame_of(4, true, "text");
  NodeHello got;
  ASSERT_TRUE(is_received(whole, got));
  EXPECT_EQ(got.error, "text");
  for (const std::size_t size : {std::size_t{0}, std::size_t{8}, whole.size() - 1}) {
    EXPECT_FALSE(is_received(std::span(whole).first(size), got)) << size;
  }
}

TEST(NodeHello, ThatMakesNoSenseIsRefused) {
  NodeHello got;
  EXPECT_FALSE(is_received(frame_of(4097, true, "text"), got));
  EXPECT_FALSE(is_received(frame_of(UINT32_MAX, true, "text"), got));
  EXPECT_FALSE(is_received(frame_of(4, false, "/tmp"), got)) << "it has no descriptors";
}

TEST(NodeHello, IsNotSentToWhoIsGone) {
  base::SocketPair sockets;
  sockets.second.reset();
  EXPECT_FALSE(NodeHello{.error = "no memory"}.send(sockets.first.get()));
}

}  // namespace
}  // namespace manta::detail
