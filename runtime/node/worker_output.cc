#include "worker_output.h"

#include <algorithm>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include "../wire/output_mark.h"

namespace manta::detail::node {
namespace {

constexpr std::size_t kMaxRead = 16 * 1024;
constexpr int kMostReads = 64;  // as much as a pipe holds: a child of the worker may write for ever
constexpr std::size_t kMaxLine = 16 * 1024;
constexpr std::size_t kMaxFile = 8 << 20;

}  // namespace

WorkerOutput::WorkerOutput(asio::io_context& io, std::shared_ptr<DriverLog> driver,
                           std::filesystem::path file, base::Fd out, base::Fd err)
    : driver_(std::move(driver)),
      path_(std::move(file)),
      streams_{Stream(io, out.release()), Stream(io, err.release())} {}

void WorkerOutput::begin(pid_t pid, std::atomic<std::uint32_t>& held) {
  pid_ = pid;
  held_ = &held;
  held.store(0);  // SYNC: none: the worker has not begun
  for (const int number : {0, 1}) {
    stream(number).pipe.non_blocking(true);
    wait(number);
  }
}

void WorkerOutput::wait(int number) {
  if (driver_->behind()) {
    driver_->when_there_is_room([self = shared_from_this(), number] { self->wait(number); });
    return;
  }
  if (!stream(number).pipe.is_open()) return;
  stream(number).pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [self = shared_from_this(), number](asio::error_code error) {
                                   if (error) return;
                                   if (self->read(number) != Reading::kEnded) {
                                     return self->wait(number);
                                   }
                                   self->stream(number).pipe.close(error);
                                 });
}

WorkerOutput::Reading WorkerOutput::read(int number) {
  Stream& from = stream(number);
  std::array<char, kMaxRead> buffer;
  asio::error_code error;
  // SYNC: before the read: a worker that finds its pipe empty sees that something was in it.
  set_held(number, true);
  const std::size_t size = from.pipe.read_some(asio::buffer(buffer), error);
  if (!error) take(number, {buffer.data(), size});
  if (error && error != asio::error::would_block && !from.partial.empty()) emit_partial(number);
  set_held(number, !from.partial.empty());
  if (!error) return Reading::kMore;
  return error == asio::error::would_block ? Reading::kNothingNow : Reading::kEnded;
}

void WorkerOutput::set_held(int number, bool held) {
  if (held_ == nullptr) return;
  const std::uint32_t bit = 1U << number;
  // SYNC: sequentially consistent, as in read().
  if (held) {
    held_->fetch_or(bit);
  } else {
    held_->fetch_and(~bit);
  }
}

void WorkerOutput::take(int number, std::string_view bytes) {
  std::string& rest = stream(number).partial;
  std::size_t from = rest.size() - std::min(rest.size(), kEndOfCall.size());
  rest.append(bytes);
  for (auto end = rest.find(kEndOfCall, from); end != std::string::npos;
       end = rest.find(kEndOfCall, from)) {
    rest.replace(end, kEndOfCall.size(), end == 0 || rest[end - 1] == '\n' ? "" : "\n");
    from = end;
  }
  if (const std::size_t last = rest.rfind('\n'); last != std::string::npos) {
    emit(number, std::string_view(rest).substr(0, last + 1));
    rest.erase(0, last + 1);
  }
  if (rest.size() <= kMaxLine) return;
  // What remains may be the beginning of that mark.
  const std::size_t piece = rest.size() - kEndOfCall.size();
  emit(number, rest.substr(0, piece) + "\n");
  rest.erase(0, piece);
}

void WorkerOutput::emit_partial(int number) {
  std::string& partial = stream(number).partial;
  partial.push_back('\n');
  emit(number, partial);
  partial.clear();
}

void WorkerOutput::emit(int number, std::string_view lines) {
  const std::string tag = "(" + name_ + " pid=" + std::to_string(pid_) + ") ";
  std::string tagged;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const std::string_view line = lines.substr(at, end - at);
    tagged.append(tag).append(line).push_back('\n');
    last_.add(line);
    at = end + 1;
  }
  driver_->add(static_cast<std::uint32_t>(number + 1), tagged, tag.size());
  keep(lines);
}

void WorkerOutput::keep(std::string_view lines) {
  if (file_bytes_ == 0) {
    file_ = base::Fd(::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  }
  file_bytes_ += lines.size();
  if (!file_) return;
  if (file_bytes_ > kMaxFile) lines = "(manta) this file ends here: it would be over 8 MiB\n";
  if (::write(file_.get(), lines.data(), lines.size()) < 0 || file_bytes_ > kMaxFile) file_.reset();
}

void WorkerOutput::finish() {
  for (const int number : {0, 1}) {
    Reading reading = Reading::kMore;
    for (int i = 0; i < kMostReads && stream(number).pipe.is_open(); ++i) {
      if (reading == Reading::kMore) reading = read(number);
    }
    if (!stream(number).partial.empty()) emit_partial(number);
    asio::error_code ignored;
    if (reading == Reading::kEnded) stream(number).pipe.close(ignored);
  }
  held_ = nullptr;  // the next worker of this slot uses that place
}

void WorkerOutput::close() {
  finish();
  asio::error_code ignored;
  for (Stream& stream : streams_) stream.pipe.close(ignored);
}

}  // namespace manta::detail::node
