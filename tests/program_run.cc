#include "program_run.h"

#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace manta::testing {
namespace {

struct Ends {
  int ours = -1, theirs = -1;
};

Ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {ends[0], ends[1]};
}

Ends make_terminal() {
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || ::grantpt(ours) != 0 || ::unlockpt(ours) != 0) {
    throw std::runtime_error("posix_openpt");
  }
  const int theirs = ::open(::ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (theirs < 0) throw std::runtime_error("the terminal's other end");
  return {ours, theirs};
}

[[noreturn]] void become(const std::vector<std::string>& words,
                         const std::map<std::string, std::string>& env, int out, int err) {
  ::dup2(out, 1);
  ::dup2(err, 2);
  for (const auto& [name, value] : env) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

// Both at once: neither may fill up while the other is waited for.
void read_all(int out, std::string& out_text, int err, std::string& err_text) {
  pollfd watched[] = {{.fd = out, .events = POLLIN, .revents = 0},
                      {.fd = err, .events = POLLIN, .revents = 0}};
  std::string* const texts[] = {&out_text, &err_text};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    ::poll(watched, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (watched[i].fd < 0 || watched[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t size = ::read(watched[i].fd, buffer, sizeof buffer);
      if (size > 0) {
        texts[i]->append(buffer, static_cast<std::size_t>(size));
      } else {
        watched[i].fd = -1;
      }
    }
  }
}

}  // namespace

ProgramRun::ProgramRun(const std::vector<std::string>& words,
                       const std::map<std::string, std::string>& env, Output output) {
  const bool terminal = output == Output::kTerminal;
  const Ends first = terminal ? make_terminal() : make_pipe();
  const Ends second = terminal ? Ends() : make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) become(words, env, first.theirs, terminal ? first.theirs : second.theirs);
  ::close(first.theirs);
  if (!terminal) ::close(second.theirs);
  read_all(first.ours, out, second.ours, err);
  ::close(first.ours);
  if (!terminal) ::close(second.ours);
  ::waitpid(pid, &status, 0);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream from(text);
  for (std::string line; std::getline(from, line);) lines.push_back(line);
  return lines;
}

}  // namespace manta::testing
