// A program whose tasks and actors print, run by output_test with both streams captured.
//
//   output_program MODE [WAY]      WAY: how a task prints, see ways below
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

namespace {

const manta::OnStart own_buffers{[] {
  if (std::getenv("OUTPUT_PROGRAM_UNSYNCED") != nullptr) std::ios::sync_with_stdio(false);
}};

using Way = void (*)(const std::string&);
const std::map<std::string, Way> ways{
    {"printf", [](const std::string& text) { std::printf("%s", text.c_str()); }},
    {"fflush",
     [](const std::string& text) {
       std::printf("%s", text.c_str());
       std::fflush(stdout);
     }},
    {"dots",
     [](const std::string& text) {
       for (const char c : text) {
         std::putchar(c);
         std::fflush(stdout);
       }
     }},
    {"cout", [](const std::string& text) { std::cout << text; }},
    {"cout_flush", [](const std::string& text) { std::cout << text << std::flush; }},
    {"clog", [](const std::string& text) { std::clog << text; }},
    {"cerr", [](const std::string& text) { std::cerr << text; }},
    {"stderr", [](const std::string& text) { std::fputs(text.c_str(), stderr); }},
    {"write",
     [](const std::string& text) {
       if (::write(1, text.data(), text.size()) < 0) std::abort();
     }},
    {"thread",
     [](const std::string& text) {
       std::thread([&] { std::fputs(text.c_str(), stdout); }).join();
     }},
    {"child",
     [](const std::string& text) {
       if (std::system(("printf '" + text + "'").c_str()) != 0) std::abort();
     }},
};

std::string call_number(int i) { return "call " + std::to_string(i); }

void say(const std::string& way, int i) { ways.at(way)(call_number(i)); }

void progress_bar() {
  for (int i = 0; i <= 100; i += 50) {
    std::printf("\r%d %%", i);
    std::fflush(stdout);
  }
}

struct Teller {
  explicit Teller(std::string by) : way(std::move(by)) { ways.at(way)("made"); }
  ~Teller() { ways.at(way)("gone"); }
  Teller(const Teller&) = delete;
  void say(int i) { ways.at(way)(call_number(i)); }
  std::string way;
};

void print_lines(int count) {
  for (int i = 0; i < count; ++i) std::printf("line %d %0200d\n", i, 0);
}

void say_and_stay(const std::string& way, const std::string& file) {
  ways.at(way)("unfinished");
  std::filesystem::create_directory(file);
  for (;;) ::pause();
}

void say_and_die(const std::string& way) {
  ways.at(way)("last words");
  ::raise(SIGKILL);
}

// Its child prints when the call, and the worker, have ended.
void leave_a_child(const std::string& file) {
  const std::string waits = "while kill -0 " + std::to_string(::getpid()) + "; do sleep 0.01; done";
  const std::string says = "printf 'from the child'; mkdir " + file;
  if (std::system(("(" + waits + "; " + says + ") 2>&- &").c_str()) != 0) std::abort();
  ::raise(SIGKILL);
}

void wait_for(const std::string& file) {
  while (!std::filesystem::exists(file)) std::this_thread::yield();
}

int run(std::string_view mode, const std::string& way, manta::Session& session) {
  constexpr int kCalls = 20;
  const std::string said = (session.directory() / "said").string();
  if (mode == "one_by_one") {
    for (int i = 0; i < kCalls; ++i) manta::get(manta::remote(say)(way, i));
  } else if (mode == "burst") {
    std::vector<manta::ObjectRef<void>> calls;
    for (int i = 0; i < kCalls; ++i) calls.push_back(manta::remote(say)(way, i));
    for (const auto& call : calls) manta::get(call);
  } else if (mode == "actor") {
    auto teller = manta::actor<Teller>(way);
    const auto ended = teller.ended();
    for (int i = 0; i < kCalls; ++i) manta::get(teller.call(&Teller::say, i));
    teller = {};
    manta::get(ended);
  } else if (mode == "killed_actor") {
    const auto teller = manta::actor<Teller>(way);
    manta::get(teller.call(&Teller::say, 0));
    session.shutdown();
  } else if (mode == "lines") {
    manta::get(manta::remote(print_lines)(50'000));
  } else if (mode == "progress") {
    manta::get(manta::remote(progress_bar)());
  } else if (mode == "stay") {
    const auto ref = manta::remote(say_and_stay)(way, said);
    wait_for(said);
    session.shutdown();
  } else if (mode == "die") {
    manta::wait({manta::remote(say_and_die, {.max_retries = 0})(way)});
  } else if (mode == "child_stays") {
    manta::wait({manta::remote(leave_a_child, {.max_retries = 0})(said)});
    wait_for(said);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  auto session = manta::init({.cpus = 1, .object_store_bytes = 64 << 20});
  std::fprintf(stderr, "directory: %s\n", session.directory().c_str());
  return run(count > 1 ? words[1] : "", count > 2 ? words[2] : "printf", session);
}
