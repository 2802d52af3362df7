// An actor holds what could never be sent to another process: an open file, a running thread, a
// mutex. It stays where it is, and the calls come to it; tasks reach it through its handle.
//
//   main ----- write("begin") ----> +------------------------------+
//   task ----- write("task 0") ---> | Journal: FILE*, thread, ...  |   one call at a time,
//   task ----- write("task 1") ---> +------------------------------+   those of a caller in order
//
//   $ ./actor_state
//
// Expected output:
//   the file has 27 bytes
//   the destructor has run
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <manta/manta.h>

class Journal {
 public:
  Journal() : writer_([this](std::stop_token stop) { run(stop); }) {}

  void write(const std::string& line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  long size() {  // of the file, when all lines are in it
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return lines_.empty(); });
    return std::ftell(file_.get());
  }

 private:
  void run(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !lines_.empty(); })) {
      for (; !lines_.empty(); lines_.pop_front()) std::fputs(lines_.front().c_str(), file_.get());
      changed_.notify_all();
    }
  }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), std::fclose};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> lines_;
  std::jthread writer_;  // stops before the others go
};

void work(int i, const manta::ActorHandle<Journal>& journal) {
  manta::get(journal.call(&Journal::write, "task " + std::to_string(i) + "\n"));
}

int main() {
  auto session = manta::init();
  auto journal = manta::actor<Journal>();
  journal.post(&Journal::write, "begin\n");  // post: without a result to wait for
  std::vector<manta::ObjectRef<void>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(manta::remote(work)(i, journal));
  manta::get(tasks);
  std::cout << "the file has " << manta::get(journal.call(&Journal::size)) << " bytes\n";
  const auto ended = journal.ended();
  journal = {};  // the last handle
  manta::get(ended);
  std::cout << "the destructor has run\n";
}
