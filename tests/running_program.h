// A RunningProgram is a program that runs as a user would run it, in a process group of its own; its output (both
// streams) is read as it comes. It is killed with the object.
//
//   RunningProgram run("wait", {.program = PROGRAM});  run.line_with("ready: ");
//   ::kill(run.pid(), SIGINT);  run.wait();
#pragma once
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace manta::testing {

class RunningProgram {
 public:
  struct Setting {
    std::map<std::string, std::string> env = {};
    std::string program = {};   // as execlp() takes it
    std::string argument = {};  // after the mode
    bool close_stdin = false;
    std::string directory = {};
    // Of a terminal: its standard streams, and it leads the terminal's session. What is read is its descriptor 9.
    int terminal = -1;
    // Its standard output. What is read is its descriptor 9.
    int output = -1;
  };

  RunningProgram(const std::string& mode, const Setting& setting) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) become(mode, setting, ends[1]);
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  ~RunningProgram() {
    ::kill(-pid_, SIGKILL);
    if (!waited_) ::waitpid(pid_, nullptr, 0);
    std::fclose(output_);
  }
  RunningProgram(const RunningProgram&) = delete;

  pid_t pid() const { return pid_; }

  // The rest of the first line that has `words`; reads until then.
  std::string line_with(const std::string& words) {
    char line[4096];
    while (text_.find(words) == std::string::npos &&
           std::fgets(line, sizeof line, output_) != nullptr) {
      text_ += line;
    }
    const auto at = text_.find(words);
    if (at == std::string::npos) return {};
    const auto begin = at + words.size();
    return text_.substr(begin, text_.find('\n', begin) - begin);
  }
  std::string all() {
    (void)line_with("\x01");  // never there: to the end
    return text_;
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    waited_ = true;
    return status;
  }

 private:
  [[noreturn]] static void become(const std::string& mode, const Setting& setting, int report) {
    const bool apart = setting.terminal >= 0 || setting.output >= 0;
    if (setting.terminal >= 0) {
      ::setsid();
      ::ioctl(setting.terminal, TIOCSCTTY, 0);
      for (int stream = 0; stream < 3; ++stream) ::dup2(setting.terminal, stream);
    } else {
      ::setpgid(0, 0);
      ::dup2(setting.output >= 0 ? setting.output : report, 1);
      if (!apart) ::dup2(report, 2);
    }
    if (apart) ::dup2(report, 9);
    if (setting.close_stdin) ::close(0);
    for (const auto& [name, value] : setting.env) ::setenv(name.c_str(), value.c_str(), 1);
    if (!setting.directory.empty() && ::chdir(setting.directory.c_str()) != 0) ::_exit(126);
    const char* const argument = setting.argument.empty() ? nullptr : setting.argument.c_str();
    ::execlp(setting.program.c_str(), setting.program.c_str(), mode.c_str(), argument, nullptr);
    ::_exit(127);
  }

  pid_t pid_ = 0;
  bool waited_ = false;
  std::FILE* output_ = nullptr;
  std::string text_;
};

// As /proc/PID/stat gives it; '?' if there is no such process.
inline char state_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  return std::getline(stat, line) ? line[line.rfind(')') + 2] : '?';
}

inline bool alive(pid_t pid) {
  const char state = state_of(pid);
  return state != '?' && state != 'Z';
}

// What a program said of its session, to see that nothing of it is left.
struct Traces {
  pid_t node, worker;
  std::filesystem::path directory;

  explicit Traces(RunningProgram& run)
      : node(std::stoi(run.line_with("node: "))),
        worker(std::stoi(run.line_with("worker: "))),
        directory(run.line_with("directory: ")) {}
  bool gone() const {
    return !alive(node) && !alive(worker) && !std::filesystem::exists(directory);
  }
};

}  // namespace manta::testing
