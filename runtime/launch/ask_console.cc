#include "ask_console.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../base/error.h"
#include "../../base/fd.h"
#include "../../base/local_socket.h"

namespace manta::detail {
namespace {

constexpr std::chrono::seconds kPatience(10);
constexpr std::size_t kMostAnswer = std::size_t{1} << 30;

class Asking {
 public:
  explicit Asking(const std::filesystem::path& directory) : directory_(directory) {
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket_) refuse(std::string("no socket: ") + std::strerror(errno));
    const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const auto address = base::local_address((directory / kConsoleSocket).string());
    if (!address) refuse("its path is too long for a socket");
    int result = 0;
    do {
      result =
          ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
    } while (result != 0 && errno == EINTR && in_time());
    if (result != 0) {
      refuse(errno == ENOENT ? "no session is there"
                             : std::string("cannot connect: ") + std::strerror(errno));
    }
  }

  void send(const void* bytes, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      const ssize_t n =
          ::send(socket_.get(), static_cast<const char*>(bytes) + done, size - done, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR && in_time()) continue;
      if (n <= 0) refuse(std::string("cannot ask: ") + std::strerror(errno));
      done += static_cast<std::size_t>(n);
    }
  }
  void receive(void* bytes, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      const ssize_t n = ::recv(socket_.get(), static_cast<char*>(bytes) + done, size - done, 0);
      if (n < 0 && errno == EINTR && in_time()) continue;
      if (n == 0) refuse("it ended before it had answered");
      if (n < 0) {
        refuse(errno == EAGAIN || errno == EINTR
                   ? "it does not answer"
                   : std::string("no answer: ") + std::strerror(errno));
      }
      done += static_cast<std::size_t>(n);
    }
  }
  [[noreturn]] void refuse(const std::string& why) const {
    throw RuntimeError("the session in " + directory_.string() + ": " + why);
  }

 private:
  // Signals begin the kernel's time anew.
  bool in_time() const { return std::chrono::steady_clock::now() - begun_ < kPatience; }

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const std::filesystem::path& directory_;
  base::Fd socket_;
};

}  // namespace

std::vector<std::byte> ask_console(const std::filesystem::path& directory, const ConsoleAsk& ask) {
  Asking asking(directory);
  asking.send(&ask, sizeof ask);
  ConsoleTold told;
  asking.receive(&told, sizeof told);
  const bool known = told.version == kConsoleVersion || told.refused != 0;
  if (told.magic != kConsoleMagic || !known || told.size > kMostAnswer) {
    asking.refuse("its answer is none of this version of Manta");
  }
  std::vector<std::byte> answer(told.size);
  asking.receive(answer.data(), answer.size());
  if (told.refused != 0) {
    asking.refuse({reinterpret_cast<const char*>(answer.data()), answer.size()});
  }
  return answer;
}

}  // namespace manta::detail
