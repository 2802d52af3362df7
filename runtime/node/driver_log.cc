#include "driver_log.h"

#include <poll.h>
#include <utility>

#include "own_asio.h"

namespace manta::detail::node {

void DriverLog::add(std::uint32_t stream, std::string_view lines, std::size_t tag) {
  if (!enabled_ || lines.empty()) return;
  append(stream, lines, tag);
  write_some();
}

void DriverLog::add_notice(std::span<const std::byte> notice) {
  if (behind()) {
    if (auto held = decode_notice(notice)) held_notices_.add(*std::move(held));
    return;
  }
  append(kNoticeStream, {reinterpret_cast<const char*>(notice.data()), notice.size()}, 0);
  write_some();
}

void DriverLog::append_held_notices() {
  for (const Notice& notice : held_notices_.take()) {
    const auto bytes = encode(notice);
    append(kNoticeStream, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 0);
  }
}

// As frames of whole lines, each of which is far shorter than a frame may be.
void DriverLog::append(std::uint32_t stream, std::string_view lines, std::size_t tag) {
  while (!lines.empty()) {
    std::string_view part = lines.substr(0, kMaxLogText);
    if (part.size() < lines.size()) {
      const std::size_t end = part.rfind('\n');
      if (end != std::string_view::npos) part = part.substr(0, end + 1);
    }
    const LogFrame frame{.size = static_cast<std::uint32_t>(part.size()),
                         .stream = stream,
                         .tag = static_cast<std::uint32_t>(tag)};
    waiting_.append(reinterpret_cast<const char*>(&frame), sizeof frame);
    waiting_ += part;
    lines.remove_prefix(part.size());
  }
}

void DriverLog::write_some() {
  if (watching_) return;
  write_what_goes();
  if (!behind()) {
    append_held_notices();
    for (const auto& proceed : std::exchange(paused_, {})) proceed();
  }
  if (waiting_.empty()) {
    for (const auto& done : std::exchange(written_, {})) done();
  }
  if (waiting_.empty() || watching_) return;
  watching_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [this](asio::error_code error) {
    watching_ = false;
    if (!error) write_some();
  });
}

void DriverLog::when_written(std::function<void()> done) {
  written_.push_back(std::move(done));
  write_some();
}

void DriverLog::close() {
  waiting_.clear();
  sent_ = 0;
  written_.clear();
  for (const auto& proceed : std::exchange(paused_, {})) proceed();
}

void DriverLog::write_what_goes() {
  asio::error_code error;
  socket_.non_blocking(true, error);
  while (sent_ < waiting_.size() && !error) {
    sent_ +=
        socket_.write_some(asio::buffer(waiting_.data() + sent_, waiting_.size() - sent_), error);
  }
  const bool gone = error && error != asio::error::would_block;
  if (gone || sent_ == waiting_.size()) {
    waiting_.clear();
    sent_ = 0;
  } else if (sent_ > kLimit) {
    waiting_.erase(0, std::exchange(sent_, 0));
  }
}

void DriverLog::write_rest(int driver_process, std::chrono::milliseconds patience) {
  pollfd watched[] = {{.fd = socket_.native_handle(), .events = POLLOUT, .revents = 0},
                      {.fd = driver_process, .events = POLLIN, .revents = 0}};
  append_held_notices();
  for (write_what_goes(); !waiting_.empty(); write_what_goes()) {
    const int ready = ::poll(watched, 2, static_cast<int>(patience.count()));
    if (ready <= 0 || watched[1].revents != 0) return;
  }
}

}  // namespace manta::detail::node
