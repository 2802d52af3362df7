// A program whose tasks crash and fail unseen, run by notices_test.
//
//   notices_program MODE [COUNT]
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <manta/manta.h>

namespace {

// Dies until it was begun `times` times.
int crash_some_times(const std::string& file, int times) {
  std::ofstream(file, std::ios::app) << 'x';
  if (static_cast<int>(std::filesystem::file_size(file)) <= times) std::raise(SIGKILL);
  return times;
}

int leave_some_times(const std::string& file, int times) {
  std::ofstream(file, std::ios::app) << 'x';
  if (static_cast<int>(std::filesystem::file_size(file)) <= times) std::exit(7);
  return times;
}

int fails(const std::string& text) { throw std::runtime_error(text); }
int chain(int before) { return before + 1; }
int even(int before) { return before; }
int odd(int before) { return before; }

void drop_in_a_worker(int first, int count) {
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = first; i < first + count; ++i) {
    refs.push_back(manta::remote(fails)("unseen " + std::to_string(i)));
  }
  manta::wait(refs, {.num_ready = refs.size()});
}

using Refs = std::vector<manta::ObjectRef<int>>;
void wait_all(const Refs& refs) { manta::wait(refs, {.num_ready = refs.size()}); }

void fan_out(int count) {
  const auto cause = manta::remote(fails)("the cause");
  Refs refs;
  for (int i = 0; i < count; ++i) refs.push_back(manta::remote(chain)(cause));
  wait_all(refs);
}

int dies(int signal) { return std::raise(signal); }

void two_causes(int count) {
  Refs refs;
  for (int i = 0; i < count; ++i) refs.push_back(manta::remote(fails)("cause one"));
  wait_all(refs);
  refs.clear();
  wait_all({manta::remote(fails)("cause two")});
}

void die(int count) {
  for (int i = 0; i < count; ++i) wait_all({manta::remote(dies, {.max_retries = 0})(SIGKILL)});
}

void long_chain(int count) {
  auto last = manta::remote(fails)("the cause");
  for (int i = 0; i < count; ++i) last = manta::remote(chain)(last);
  for (int i = 0; i < count; ++i) last = manta::remote(odd)(manta::remote(even)(last));
  wait_all({last});
}

struct Keeper {
  void keep(const Refs& refs) { refs_ = refs; }
  int look() const { return manta::get(refs_.at(0)); }
  void drop() { refs_.clear(); }
  Refs refs_;
};

// What one process has had, another frees.
void free_elsewhere(int count) {
  auto keeper = manta::actor<Keeper>();
  Refs refs;
  for (int i = 0; i < count; ++i) refs.push_back(manta::put(i));
  manta::get(keeper.call(&Keeper::keep, refs));
  manta::get(keeper.call(&Keeper::look));
  manta::free(refs);
  manta::get(keeper.call(&Keeper::drop));
}

void run(std::string_view mode, int count, const std::string& directory) {
  if (mode == "crashes") {
    manta::get(manta::remote(crash_some_times, {.max_retries = -1})(directory + "/a", count));
  } else if (mode == "two_crash") {
    const auto first = manta::remote(crash_some_times, {.max_retries = 9})(directory + "/a", 1);
    const auto second = manta::remote(leave_some_times, {.max_retries = 9})(directory + "/b", 3);
    manta::get(std::vector{first, second});
  } else if (mode == "long") {
    wait_all({manta::remote(fails)(std::string(static_cast<std::size_t>(count), 'x'))});
  } else if (mode == "forged") {
    wait_all({manta::remote(fails)("first\nmanta: a forged line\r\x1b[2J")});
  } else if (mode == "fan_out") {
    fan_out(count);
  } else if (mode == "two_causes") {
    two_causes(count);
  } else if (mode == "dies") {
    die(count);
  } else if (mode == "freed") {
    free_elsewhere(count);
  } else if (mode == "chain") {
    long_chain(count);
  } else if (mode == "workers") {
    for (int i = 0; i < 4; ++i) manta::get(manta::remote(drop_in_a_worker)(i * count, count));
  }
}

}  // namespace

int main(int count, char** words) {
  auto session = manta::init({.cpus = 2, .object_store_bytes = 64 << 20});
  run(count > 1 ? words[1] : "", count > 2 ? std::atoi(words[2]) : 0, session.directory().string());
  return 0;
}
