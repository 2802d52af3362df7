// Calls of an actor's method that does nothing, one at a time, in batches of 1000, and between actors with a reference
// as argument; and how fast actors start, a process each.
// Units: calls, or actors, per second. Floors: a round trip between two processes; the start of a small program.
#include <string>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

class Server {
 public:
  std::string small_value() { return "ok"; }
  std::string small_value_arg(int) { return "ok"; }
};

class Client {
 public:
  explicit Client(std::vector<manta::ActorHandle<Server>> servers) : servers_(std::move(servers)) {}

  int batch_with_ref(int n) {
    const auto argument = manta::put(0);
    std::vector<manta::ObjectRef<std::string>> refs;
    for (const auto& server : servers_) {
      for (int i = 0; i < n; ++i) refs.push_back(server.call(&Server::small_value_arg, argument));
    }
    (void)manta::get(refs);
    return n;
  }

 private:
  std::vector<manta::ActorHandle<Server>> servers_;
};

}  // namespace

Measured actor_sync(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const auto server = manta::actor<Server>();
  return per_second(measure.rounds([&] { (void)manta::get(server.call(&Server::small_value)); }));
}

Measured actor_async(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const auto server = manta::actor<Server>();
  const auto round = [&] {
    std::vector<manta::ObjectRef<std::string>> refs;
    for (int i = 0; i < 1000; ++i) refs.push_back(server.call(&Server::small_value));
    (void)manta::get(refs);
  };
  return per_second(measure.rounds(round), 1000);
}

// One pair for each two cores, 1000 calls by each client.
Measured nn_actor_with_ref(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int calls = measure.count(1000, 50);
  const auto pairs = static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN) / 2));
  std::vector<manta::ActorHandle<Client>> clients;
  for (std::size_t i = 0; i < pairs; ++i) {
    clients.push_back(manta::actor<Client>(std::vector{manta::actor<Server>()}));
  }
  const auto round = [&] {
    std::vector<manta::ObjectRef<int>> done;
    for (const auto& client : clients) done.push_back(client.call(&Client::batch_with_ref, calls));
    (void)manta::get(done);
  };
  return per_second(measure.rounds(round), static_cast<double>(pairs) * calls);
}

// Twenty at a time, until each has answered a call.
Measured actors_process(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int actors = measure.count(20, 2);
  const auto sample = measure.each([&](Stopwatch& watch) {
    std::vector<manta::ActorHandle<Server>> servers;
    std::vector<manta::ObjectRef<void>> ended;
    watch.start();
    std::vector<manta::ObjectRef<std::string>> answers;
    for (int i = 0; i < actors; ++i) {
      servers.push_back(manta::actor<Server>());
      answers.push_back(servers.back().call(&Server::small_value));
    }
    (void)manta::get(answers);
    watch.stop();
    for (const auto& server : servers) ended.push_back(server.ended());
    servers.clear();
    manta::get(ended);
  });
  return per_second(sample, actors);
}

}  // namespace manta::bench
