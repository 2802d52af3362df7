#include <utility>

#include <asio/write.hpp>

#include <manta/runtime/node/driver_log.h>

namespace manta::detail::node {

void DriverLog::add(std::uint32_t stream, const std::string& lines, std::uint64_t count) {
  if (!enabled_) return;
  if (waiting_.size() + lines.size() > kLimit) {
    dropped_ += count;
    return;
  }
  if (dropped_ > 0) {
    append(2, "(manta) " + std::to_string(std::exchange(dropped_, 0)) +
                  " lines of output were dropped: the driver takes them too slowly\n");
  }
  append(stream, lines);
  write_some();
}

void DriverLog::append(std::uint32_t stream, const std::string& text) {
  for (std::size_t at = 0; at < text.size(); at += kMaxLogText) {
    const std::string part = text.substr(at, kMaxLogText);
    const LogFrame frame{.size = static_cast<std::uint32_t>(part.size()), .stream = stream};
    waiting_.append(reinterpret_cast<const char*>(&frame), sizeof frame);
    waiting_ += part;
  }
}

void DriverLog::write_some() {
  if (writing_ || waiting_.empty()) return;
  writing_ = true;
  in_flight_.swap(waiting_);
  waiting_.clear();
  asio::async_write(socket_, asio::buffer(in_flight_), [this](asio::error_code error, std::size_t) {
    writing_ = false;
    if (error) return;
    in_flight_.clear();
    write_some();
  });
}

void DriverLog::write_rest() {
  if (writing_) return;  // it is behind anyway
  asio::error_code ignored;
  socket_.non_blocking(true, ignored);
  asio::write(socket_, asio::buffer(waiting_), ignored);
}

}  // namespace manta::detail::node
