#include "hello.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <errno.h>
#include <span>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "../../base/limits.h"
#include "../../base/local_socket.h"

namespace manta::detail {
namespace {

constexpr std::size_t kFds = 4;
constexpr std::size_t kFdsWithOverflow = 6;
constexpr std::size_t kMostFds = kFdsWithOverflow + 1;  // an odd number: the last one is the part
constexpr std::size_t kMaxText = 4096;

struct Frame {
  std::uint32_t size = 0;
  NodeHello::Refusal refusal = NodeHello::Refusal::kNone;
  char text[kMaxText] = {};
};

}  // namespace

bool NodeHello::send(int socket) const {
  Frame frame;
  if (!error.empty()) frame.refusal = refusal;
  const std::string& text = error.empty() ? directory : error;
  frame.size = static_cast<std::uint32_t>(std::min(text.size(), kMaxText));
  std::memcpy(frame.text, text.data(), frame.size);
  std::vector<int> fds;
  if (error.empty()) {
    const objectstore::ArenaDescriptors files = arena.descriptors();
    fds = {control.get(), bell.get(), files.writable, files.read_only};
    if (arena.overflow_writable) {
      fds.insert(fds.end(), {files.overflow_writable, files.overflow_read_only});
    }
    if (part) fds.push_back(part.get());
  }
  return base::send_with_descriptors(socket, std::as_bytes(std::span(&frame, 1)), fds);
}

bool NodeHello::receive(int socket) {
  Frame frame;
  auto got = base::receive_with_descriptors(socket, std::as_writable_bytes(std::span(&frame, 1)),
                                            kMostFds, MSG_WAITALL);
  if (got.bytes != sizeof frame || frame.size > kMaxText) return false;
  refusal = frame.refusal;
  (refusal != Refusal::kNone ? error : directory).assign(frame.text, frame.size);
  if (got.descriptors.empty()) return !error.empty();
  const std::size_t shared = got.descriptors.size() & ~std::size_t{1};
  base::Fd* const targets[kFdsWithOverflow] = {&control,
                                               &bell,
                                               &arena.writable,
                                               &arena.read_only,
                                               &arena.overflow_writable,
                                               &arena.overflow_read_only};
  for (std::size_t i = 0; i < shared; ++i) *targets[i] = std::move(got.descriptors[i]);
  if (got.descriptors.size() > shared) part = std::move(got.descriptors[shared]);
  if (error.empty() && ((shared != kFds && shared != kFdsWithOverflow) || got.cut_off)) {
    error = "the memory of the node could not be taken over" + base::limit_behind(EMFILE);
  }
  return true;
}

}  // namespace manta::detail
