// The loops of manta_bench with Ray's C++ API: same payloads and batch sizes, num_cpus=2.
//
//   ray_cpp CODE.so [--smoke] [LOOP...]   prints `ray_cpp LOOP VALUE` per loop, in the unit of manta_bench
//
// CODE.so is this file as a shared library: Ray's workers load it. References cannot be stored in values, nor a vector
// of them passed, so some loops are missing. Ray 2.60 does not come back from Get() of a list of 1000 actor results or
// of many objects that were put, or from tasks that an actor submitted: actor_async has batches of 200, got one by one;
// get_10k_objects_ms and multi_client_tasks_async are missing. Floor: none of its own; manta_bench prints them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include <ray/api.h>

std::string small_value() { return "ok"; }
int add_one(int x) { return x + 1; }
RAY_REMOTE(small_value, add_one);

class Server {
 public:
  static Server* create() { return new Server; }
  std::string small_value() { return "ok"; }
};
RAY_REMOTE(Server::create, &Server::small_value);

namespace {

using Clock = std::chrono::steady_clock;
bool smoke = false;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The best of three tries, each at least half a second long.
double seconds_per_round(const std::function<void()>& round, double least = 0.5) {
  if (smoke) least = 0;
  int rounds = 1;
  double best = 0;
  for (;; rounds *= 2) {
    const auto began = Clock::now();
    for (int i = 0; i < rounds; ++i) round();
    const double took = seconds_since(began);
    best = took / rounds;
    if (took >= least) break;
  }
  for (int t = 0; t < (smoke ? 0 : 2); ++t) {
    const auto began = Clock::now();
    for (int i = 0; i < rounds; ++i) round();
    best = std::min(best, seconds_since(began) / rounds);
  }
  return best;
}

double per_second(const std::function<void()>& round, double operations = 1) {
  return operations / seconds_per_round(round);
}

int count(int full, int small) { return smoke ? small : full; }

std::vector<ray::ObjectRef<std::string>> submit_tasks(int n) {
  std::vector<ray::ObjectRef<std::string>> refs;
  for (int i = 0; i < n; ++i) refs.push_back(ray::Task(small_value).Remote());
  return refs;
}

double get_small() {
  auto ref = ray::Put(0);
  return per_second([&] { ray::Get(ref); });
}
double put_small() {
  return per_second([] { ray::Put(0); });
}
double tasks_sync() {
  return per_second([] { ray::Get(ray::Task(small_value).Remote()); });
}
double tasks_async() {
  return per_second([] { ray::Get(submit_tasks(1000)); }, 1000);
}
double actor_sync() {
  auto server = ray::Actor(Server::create).Remote();
  return per_second([&] { ray::Get(server.Task(&Server::small_value).Remote()); });
}
double actor_async() {
  auto server = ray::Actor(Server::create).Remote();
  const auto round = [&] {
    std::vector<ray::ObjectRef<std::string>> refs;
    for (int i = 0; i < 200; ++i) refs.push_back(server.Task(&Server::small_value).Remote());
    for (auto& ref : refs) ray::Get(ref);
  };
  return per_second(round, 200);
}
double wait_1k() {
  return per_second([] {
    auto pending = submit_tasks(count(1000, 20));
    while (!pending.empty()) {
      const auto left = ray::Wait(pending, 1, 60'000).unready;
      pending.assign(left.begin(), left.end());
    }
  });
}
double chain_2000() {
  const int length = count(2000, 20);
  const auto round = [&] {
    auto ref = ray::Task(add_one).Remote(0);
    for (int i = 1; i < length; ++i) ref = ray::Task(add_one).Remote(ref);
    ray::Get(ref);
  };
  return per_second(round, length);
}
double actors_process() {
  const int actors = count(10, 2);
  const auto round = [&] {
    std::vector<ray::ActorHandle<Server>> servers;
    std::vector<ray::ObjectRef<std::string>> answers;
    for (int i = 0; i < actors; ++i) {
      servers.push_back(ray::Actor(Server::create).Remote());
      answers.push_back(servers.back().Task(&Server::small_value).Remote());
    }
    for (auto& answer : answers) ray::Get(answer);
    for (auto& server : servers) server.Kill();
  };
  return actors / seconds_per_round(round, 0);
}

struct Loop {
  const char* name;
  double (*run)();
};
const Loop kLoops[] = {
    {"get_small", get_small},           {"put_small", put_small},
    {"put_small_shared", put_small},  // all of Ray's puts are in shared memory
    {"tasks_sync", tasks_sync},         {"tasks_async", tasks_async},
    {"actor_sync", actor_sync},         {"actor_async", actor_async},
    {"chain_2000", chain_2000},         {"wait_1k", wait_1k},
    {"actors_process", actors_process},
};

void say(const char* name, double value) {
  std::printf("ray_cpp %s %.6g\n", name, value), std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> wanted;
  for (int i = 2; i < argc; ++i) {
    if (std::string(argv[i]) == "--smoke") smoke = true;
    if (argv[i][0] != '-') wanted.push_back(argv[i]);
  }
  const auto is_wanted = [&](const char* name) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  ray::RayConfig config;
  config.code_search_path = {argv[1]};
  config.head_args = {"--num-cpus=2", "--include-dashboard=false",
                      "--object-store-memory=2000000000"};
  const auto began = Clock::now();
  ray::Init(config);
  ray::Get(ray::Task(small_value).Remote());
  if (is_wanted("init_to_first_ms")) say("init_to_first_ms", seconds_since(began) * 1e3);
  for (const auto& loop : kLoops) {
    if (!is_wanted(loop.name)) continue;
    try {
      say(loop.name, loop.run());
    } catch (const std::exception& error) {
      std::cerr << loop.name << ": " << error.what() << std::endl;
    }
  }
  const auto end = Clock::now();
  ray::Shutdown();
  if (is_wanted("shutdown_ms")) say("shutdown_ms", seconds_since(end) * 1e3);
}
