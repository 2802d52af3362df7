#include "local_socket.h"

#include <array>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "socket_pair_fixture.h"

namespace manta::base {
namespace {

Fd counter(unsigned value) { return Fd(::eventfd(value, EFD_CLOEXEC)); }
std::uint64_t count_of(const Fd& fd) {
  std::uint64_t value = 0;
  EXPECT_EQ(::read(fd.get(), &value, sizeof value), static_cast<ssize_t>(sizeof value));
  return value;
}

TEST(LocalSocket, DescriptorsTravelBesideBytes) {
  for (std::size_t count = 0; count < 4; ++count) {
    SocketPair sockets;
    std::vector<Fd> sent;
    std::vector<int> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      sent.push_back(counter(static_cast<unsigned>(i + 5)));
      numbers.push_back(sent.back().get());
    }
    const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    ASSERT_TRUE(send_with_descriptors(sockets.first.get(), bytes, numbers));
    std::array<std::byte, 3> got{};
    const Received received = receive_with_descriptors(sockets.second.get(), got, 3, MSG_WAITALL);
    EXPECT_EQ(received.bytes, 3U);
    EXPECT_EQ(got, bytes);
    EXPECT_FALSE(received.cut_off);
    ASSERT_EQ(received.descriptors.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(count_of(received.descriptors[i]), i + 5);
  }
}

TEST(LocalSocket, MoreDescriptorsThanAreWantedAreClosed) {
  SocketPair sockets;
  const Fd one = counter(1), other = counter(2);
  const int numbers[] = {one.get(), other.get()};
  std::byte byte{7};
  ASSERT_TRUE(send_with_descriptors(sockets.first.get(), {&byte, 1}, numbers));
  const Received received = receive_with_descriptors(sockets.second.get(), {&byte, 1}, 1, 0);
  EXPECT_TRUE(received.cut_off);
  ASSERT_EQ(received.descriptors.size(), 1U);
  EXPECT_EQ(count_of(received.descriptors[0]), 1U);
}

TEST(LocalSocket, WithoutTheOtherEndNothingTravels) {
  SocketPair sockets;
  sockets.second.reset();
  std::byte byte{7};
  EXPECT_FALSE(send_with_descriptors(sockets.first.get(), {&byte, 1}, {}));
  EXPECT_EQ(receive_with_descriptors(sockets.first.get(), {&byte, 1}, 1, 0).bytes, 0U);
}

TEST(LocalSocket, APathThatIsTooLongIsNoAddress) {
  EXPECT_STREQ(local_address("/tmp/x").value_or(sockaddr_un{}).sun_path, "/tmp/x");
  EXPECT_TRUE(local_address(std::string(107, 'p')));
  EXPECT_FALSE(local_address(std::string(108, 'p')));
}

TEST(LocalSocket, SaysWhoIsAtTheOtherEnd) {
  SocketPair sockets;
  const auto peer = peer_of(sockets.first.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_FALSE(peer_of(-1));
}

}  // namespace
}  // namespace manta::base
