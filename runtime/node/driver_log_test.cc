#include "driver_log.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "own_asio.h"

namespace manta::detail::node {
namespace {

constexpr int kMany = 50'000;

Notice error_of(std::uint64_t cause) {
  return {.cause = cause, .subject = "f", .text = std::string(2000, 'x')};
}

TEST(DriverLog, NoticesForADriverThatIsBehindAreFewAndAllAreCounted) {
  asio::io_context context;
  asio::local::stream_protocol::socket node(context), driver(context);
  asio::local::connect_pair(node, driver);
  DriverLog log(node, true);
  const std::string line = std::string(1000, 'y') + "\n";
  while (!log.behind()) log.add(1, line, 0);

  for (int i = 0; i < kMany; ++i) {
    log.add_notice(encode(error_of(7)));                                // one cause
    log.add_notice(encode(error_of(1000 + static_cast<unsigned>(i))));  // many causes
    log.add_notice(encode({.kind = Notice::Kind::kCrash, .cause = 7, .text = "a crash"}));
  }

  std::uint64_t errors = 0, crashes = 0, frames = 0;
  while (errors + crashes < 3 * kMany) {
    context.poll();
    context.restart();
    LogFrame frame;
    asio::read(driver, asio::buffer(&frame, sizeof frame));
    std::vector<std::byte> text(frame.size);
    asio::read(driver, asio::buffer(text));
    if (frame.stream != kNoticeStream) continue;
    ++frames;
    const auto notice = decode_notice(text);
    ASSERT_TRUE(notice);
    (notice->kind == Notice::Kind::kCrash ? crashes : errors) += notice->count;
  }
  EXPECT_EQ(errors, 2 * kMany);
  EXPECT_EQ(crashes, kMany);
  EXPECT_LE(frames, HeldNotices::kMostCauses + 2);
}

}  // namespace
}  // namespace manta::detail::node
