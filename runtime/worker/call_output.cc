#include "call_output.h"

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <stdio_ext.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <ext/stdio_sync_filebuf.h>

#include "../wire/output_mark.h"

namespace manta::detail {
namespace {

// A duplicate, since the user may close or redirect descriptors 1 and 2.
base::Fd pipe_of(int stream) { return base::Fd::apart(stream); }

}  // namespace

CallOutput::CallOutput(const std::atomic<std::uint32_t>* held, std::function<void()> lost)
    : held_(held), lost_(std::move(lost)) {
  if (held_ != nullptr) pipes_ = {pipe_of(STDOUT_FILENO), pipe_of(STDERR_FILENO)};
}

void CallOutput::flush() {
  asked_ = false;
  for (std::FILE* stream : {stdout, stderr}) {
    if (::__fpending(stream) == 0) [[likely]] {
      continue;
    }
    std::fflush(stream);
    flushed_ = true;
  }
  if (std::cout.rdbuf() != seen_buffer_ || own_buffers_) [[unlikely]] {
    flush_streams();
  }
}

// The standard streams have buffers of their own only if the user has said so; else they share those of stdio.
void CallOutput::flush_streams() {
  seen_buffer_ = std::cout.rdbuf();
  own_buffers_ = dynamic_cast<const __gnu_cxx::stdio_sync_filebuf<char>*>(seen_buffer_) == nullptr;
  if (!own_buffers_) return;
  try {
    for (std::ostream* stream : {&std::cout, &std::clog}) stream->flush();
    for (std::wostream* stream : {&std::wcout, &std::wclog}) stream->flush();
  } catch (...) {  // of std::cout.exceptions(): the user's own code has had its chance to see it
  }
}

void CallOutput::end_left_line() {
  // SYNC: none: an older state only has the line ended later.
  if (asked_ && held_ != nullptr && held_->load(std::memory_order_relaxed) != 0) [[unlikely]] {
    mark();
  }
}

void CallOutput::end_line(Time now) {
  if (held_ == nullptr) return;
  // SYNC: none: mark() looks again, and so does end_all_lines().
  const bool held = held_->load(std::memory_order_relaxed) != 0;
  if (!flushed_ && !held && attention_ == 0 && now - last_asked_ < kInterval) return;
  mark();
  // Not `now`: to ask may take long itself, where calls are traced.
  last_asked_ = std::chrono::steady_clock::now();
}

void CallOutput::end_all_lines() {
  if (!asked_ && held_ != nullptr) mark();
}

bool CallOutput::has_unread(int pipe) const {
  if (pipe < 0) return false;
  int bytes = 0;
  if (::ioctl(pipe, FIONREAD, &bytes) == 0) return bytes > 0;
  if (errno == EBADF) lost_();
  return false;
}

void CallOutput::mark() {
  asked_ = true;
  flushed_ = false;
  bool any = false;
  for (std::size_t stream = 0; stream < pipes_.size(); ++stream) {
    const int pipe = pipes_[stream].get();
    // SYNC: the node sets its bit before it reads: if the pipe is empty here, the bit of what was in it is visible.
    const bool open_line = has_unread(pipe) || (held_->load() >> stream & 1) != 0;
    if (!open_line) continue;
    any = true;
    if (::write(pipe, kEndOfCall.data(), kEndOfCall.size()) < 0) asked_ = false;
  }
  if (any) {
    attention_ = kAttention;
  } else if (attention_ > 0) {
    --attention_;
  }
}

}  // namespace manta::detail
