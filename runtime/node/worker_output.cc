#include <algorithm>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include <manta/runtime/node/worker_output.h>

namespace manta::detail::node {
namespace {

constexpr std::size_t kMaxLine = 16 * 1024;
constexpr std::size_t kLastLines = 20;
constexpr std::size_t kLastLineBytes = 400;  // of each, so that a report fits into a message
constexpr std::size_t kMaxFile = 8 << 20;

}  // namespace

WorkerOutput::WorkerOutput(asio::io_context& io, DriverLog& driver, std::filesystem::path file,
                           base::Fd out, base::Fd err)
    : driver_(driver),
      path_(std::move(file)),
      streams_{Stream(io, out.release()), Stream(io, err.release())} {}

void WorkerOutput::begin(pid_t pid) {
  pid_ = pid;
  for (int stream : {0, 1}) {
    streams_[static_cast<std::size_t>(stream)].pipe.non_blocking(true);
    read(stream);
  }
}

void WorkerOutput::read(int stream) {
  Stream& from = streams_[static_cast<std::size_t>(stream)];
  from.pipe.async_read_some(
      asio::buffer(from.buffer),
      [self = shared_from_this(), stream](asio::error_code error, std::size_t size) {
        if (error) return;
        self->take(stream, size);
        self->read(stream);
      });
}

void WorkerOutput::take(int stream, std::size_t size) {
  Stream& from = streams_[static_cast<std::size_t>(stream)];
  from.partial.append(from.buffer.data(), size);
  if (const std::size_t last = from.partial.rfind('\n'); last != std::string::npos) {
    emit(stream, from.partial.substr(0, last + 1));
    from.partial.erase(0, last + 1);
  } else if (from.partial.size() > kMaxLine) {
    emit_partial(stream);
  }
}

void WorkerOutput::emit_partial(int stream) {
  std::string& partial = streams_[static_cast<std::size_t>(stream)].partial;
  partial.push_back('\n');
  emit(stream, partial);
  partial.clear();
}

void WorkerOutput::emit(int stream, const std::string& lines) {
  const std::string tag = "(" + name_ + " pid=" + std::to_string(pid_) + ") ";
  std::string tagged;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < lines.size(); ++count) {
    const std::size_t end = lines.find('\n', at);
    const std::string_view line(lines.data() + at, end - at);
    tagged.append(tag).append(line).push_back('\n');
    last_.emplace_back(line.substr(0, kLastLineBytes));
    if (last_.size() > kLastLines) last_.pop_front();
    at = end + 1;
  }
  driver_.add(static_cast<std::uint32_t>(stream + 1), tagged, count);
  keep(lines);
}

void WorkerOutput::keep(const std::string& lines) {
  if (file_bytes_ == 0) {
    file_ = base::Fd(open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  }
  file_bytes_ += lines.size();
  if (!file_ || file_bytes_ > kMaxFile) return;
  if (write(file_.get(), lines.data(), lines.size()) < 0) file_.reset();
}

void WorkerOutput::finish() {
  for (int stream : {0, 1}) {
    Stream& from = streams_[static_cast<std::size_t>(stream)];
    asio::error_code error;
    while (!error) {
      const std::size_t size = from.pipe.read_some(asio::buffer(from.buffer), error);
      if (!error) take(stream, size);
    }
    if (!from.partial.empty()) emit_partial(stream);
    from.pipe.close(error);
  }
}

std::string WorkerOutput::last_lines() const {
  std::string text;
  for (const std::string& line : last_) text += line + "\n";
  return text;
}

}  // namespace manta::detail::node
