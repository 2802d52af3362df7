// A node process as its driver meets it, with stand_in_worker.cc as worker. Linked with the wrapped main, as a user's
// program is: the node and the workers are this program.
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../launch/launch.h"
#include "../launch/log_stream.h"
#include "../wire/actor_payload.h"
#include "../wire/death_report.h"
#include "../wire/error_record.h"
#include "../wire/value_wire.h"
#include "children.h"
#include "session_peer.h"

namespace manta::detail::node {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kPatience = 30s;  // for what must happen; how soon is not what these tests are about

NodeOptions small_node() { return {.cpus = 2, .object_store_bytes = 64 << 20, .prestart = 2}; }

bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

bool process_exists(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  return line.substr(line.rfind(')') + 2, 1) != "Z";
}

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::vector<pid_t> result;
  for (pid_t child = 0; file >> child;) result.push_back(child);
  return result;
}

std::string text_of() { return {}; }
std::string text_of(std::string_view text) { return std::string(text); }
std::string text_of(PayloadBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class M>
struct Received {
  M message;
  std::string payload;

  PayloadBytes bytes() const { return std::as_bytes(std::span(payload)); }
};

struct CalleeLane {
  std::uint32_t number;
  rpc::Slot worker;
  rpc::RingWriter calls;
  rpc::RingReader replies;
};

class Driver {
 public:
  explicit Driver(const NodeOptions& options = small_node())
      : attachment_(launch_node(options)), peer_(attachment_) {}
  ~Driver() {
    if (attachment_.socket) shutdown_node(attachment_);
  }

  Attachment& attachment() { return attachment_; }
  SessionPeer& peer() { return peer_; }
  pid_t pid_of(rpc::Slot slot) { return peer_.control().process(slot).pid.load(); }

  template <class M>
  Received<M> receive() {
    std::optional<Received<M>> received;
    const auto take = [&]<class Other>(const Other& message, const auto&... payload) {
      if constexpr (std::is_same_v<M, Other>) received = {message, text_of(payload...)};
    };
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      while (peer_.receive_now(take)) {
        if (received) return *std::move(received);
      }
      peer_.sleep([] { return false; });
    }
    ADD_FAILURE() << "the message did not come";
    return {};
  }

  CalleeLane open_lane(std::uint32_t number, rpc::Slot worker) {
    const rpc::Lane lane = peer_.control().lane(number);
    return {number, worker, rpc::RingWriter(lane.to_callee), rpc::RingReader(lane.to_caller)};
  }
  CalleeLane lease(double cpus = 1) {
    peer_.send(LeaseWant{.key = 7, .wanted = 1, .cpus = cpus});
    const LeaseGrant grant = receive<LeaseGrant>().message;
    EXPECT_EQ(grant.key, 7U);
    return open_lane(grant.lane, grant.worker);
  }
  void call(CalleeLane& lane, const std::string& order) {
    std::byte* to = lane.calls.reserve(static_cast<std::uint32_t>(order.size()));
    std::memcpy(to, order.data(), order.size());
    lane.calls.commit();
    rpc::ring(peer_.control().process(lane.worker).bell);
  }
  bool answered(CalleeLane& lane) {
    const bool any = eventually([&] { return !lane.replies.front().empty(); });
    if (any) lane.replies.pop();
    return any;
  }

 private:
  Attachment attachment_;
  SessionPeer peer_;
};

DeathReport death_of(const Received<LaneDead>& dead) {
  const auto death = decode_death(dead.bytes());
  EXPECT_TRUE(death.has_value());
  return death.value_or(DeathReport());
}

TEST(NodeProcess, GrantsALeaseAndLeavesNothing) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "hello");
  EXPECT_TRUE(driver.answered(lane));
  driver.peer().send(LeaseReturn{.lane = lane.number});

  const Attachment& attachment = driver.attachment();
  const std::vector<pid_t> workers = children_of(attachment.node_pid);
  EXPECT_EQ(workers.size(), 2U);
  EXPECT_TRUE(fs::exists(attachment.directory / "lock"));
  shutdown_node(driver.attachment());
  EXPECT_FALSE(process_exists(attachment.node_pid));
  for (const pid_t worker : workers) EXPECT_FALSE(process_exists(worker));
  EXPECT_FALSE(fs::exists(attachment.directory));
  driver.attachment().socket.reset();
}

TEST(NodeProcess, NodeIsNotAChildOfTheDriver) {
  Driver driver;
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// A driver in a process of its own, killed as the kernel would.
TEST(NodeProcess, KilledDriverLeavesNoProcessAndNoDirectory) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t driver_pid = fork();
  if (driver_pid == 0) {
    Driver driver;
    CalleeLane lane = driver.lease();
    driver.call(lane, "grandchild");
    if (!driver.answered(lane)) _exit(1);
    const std::string text =
        std::to_string(driver.attachment().node_pid) + " " + driver.attachment().directory.string();
    if (write(ends[1], text.data(), text.size()) < 0) _exit(1);
    for (;;) pause();
  }
  close(ends[1]);
  char buffer[256] = {};
  ASSERT_GT(read(ends[0], buffer, sizeof buffer - 1), 0);
  close(ends[0]);
  const std::string text = buffer;
  const pid_t node = std::atoi(text.c_str());
  const fs::path directory = text.substr(text.find(' ') + 1);
  std::vector<pid_t> processes{node};
  for (std::size_t i = 0; i < processes.size(); ++i) {
    for (const pid_t child : children_of(processes[i])) processes.push_back(child);
  }
  EXPECT_GE(processes.size(), 5U);  // node, two workers, two grandchildren
  kill(driver_pid, SIGKILL);
  waitpid(driver_pid, nullptr, 0);
  for (const pid_t pid : processes) {
    EXPECT_TRUE(eventually([&] { return !process_exists(pid); })) << pid;
  }
  EXPECT_FALSE(fs::exists(directory));
}

TEST(NodeProcess, ReportsASignalWithTheLastOutput) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "abort");
  const auto dead = driver.receive<LaneDead>();
  EXPECT_EQ(dead.message.lane, lane.number);
  const DeathReport death = death_of(dead);
  EXPECT_EQ(death.signal, SIGABRT);
  EXPECT_FALSE(death.expected);
  EXPECT_NE(death.output.find("about to abort"), std::string::npos);
}

TEST(NodeProcess, ReportsAKilledWorkerAndGrantsAnother) {
  Driver driver;
  CalleeLane lane = driver.lease();
  const pid_t pid = driver.pid_of(lane.worker);
  kill(pid, SIGKILL);
  const DeathReport death = death_of(driver.receive<LaneDead>());
  EXPECT_EQ(death.pid, pid);
  EXPECT_EQ(death.signal, SIGKILL);
  driver.peer().send(LaneClosed{.lane = lane.number});
  CalleeLane next = driver.lease();
  driver.call(next, "hello");
  EXPECT_TRUE(driver.answered(next));
}

TEST(NodeProcess, ReportsTheExitCode) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "exit 42");
  const DeathReport death = death_of(driver.receive<LaneDead>());
  EXPECT_EQ(death.signal, 0);
  EXPECT_EQ(death.exit_code, 42);
}

TEST(NodeProcess, RefusesWhatItCanNeverGrant) {
  Driver driver;
  driver.peer().send(LeaseWant{.key = 3, .wanted = 1, .cpus = 5});
  const auto refusal = driver.receive<LeaseRefused>();
  EXPECT_EQ(refusal.message.key, 3U);
  EXPECT_EQ(refusal.message.kind, ErrorKind::kUnschedulable);
  EXPECT_NE(refusal.payload.find("CPU"), std::string::npos);
}

TEST(NodeProcess, SaysWhyWorkersDoNotStart) {
  NodeOptions options = small_node();
  options.env["STAND_IN_WORKER_FAILS"] = "no such device";
  Driver driver(options);
  driver.peer().send(LeaseWant{.key = 3, .wanted = 1, .cpus = 1});
  const auto refusal = driver.receive<LeaseRefused>();
  EXPECT_EQ(refusal.message.kind, ErrorKind::kWorkerStartFailed);
  EXPECT_NE(refusal.payload.find("no such device"), std::string::npos) << refusal.payload;
}

TEST(NodeProcess, StreamsWholeTaggedLines) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "print");
  LogFrame frame;
  ASSERT_EQ(read(driver.attachment().socket.get(), &frame, sizeof frame),
            static_cast<ssize_t>(sizeof frame));
  std::string text(frame.size, '\0');
  ASSERT_EQ(read(driver.attachment().socket.get(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  const std::string tag = "(worker pid=" + std::to_string(driver.pid_of(lane.worker)) + ") ";
  EXPECT_EQ(text, tag + "first line\n" + tag + "second line\n");
  EXPECT_EQ(frame.stream, 1U);
}

TEST(NodeProcess, KilledNodeTakesItsWorkersAlong) {
  Driver driver;
  driver.lease();
  const std::vector<pid_t> workers = children_of(driver.attachment().node_pid);
  kill(driver.attachment().node_pid, SIGKILL);
  char byte = 0;
  // EOF is how the driver learns of it.
  EXPECT_EQ(read(driver.attachment().socket.get(), &byte, 1), 0);
  for (const pid_t worker : workers) {
    EXPECT_TRUE(eventually([&] { return !process_exists(worker); }));
  }
  shutdown_node(driver.attachment());
  EXPECT_FALSE(fs::exists(driver.attachment().directory));
}

constexpr ActorId kActor(1, 2);

std::vector<std::byte> actor_payload() { return encode(make_actor_payload({}, "Counter", {}, {})); }

TEST(NodeProcess, ActorEndsAfterItsLastHandle) {
  Driver driver;
  driver.peer().send(ActorCreate{.actor = kActor}, actor_payload());
  driver.peer().send(ActorConnect{.actor = kActor});
  const ActorLane connected = driver.receive<ActorLane>().message;
  CalleeLane lane = driver.open_lane(connected.lane, connected.worker);
  driver.call(lane, "hello");
  EXPECT_TRUE(driver.answered(lane));
  driver.peer().send(ReleaseActor{.actor = kActor, .count = 1});
  const DeathReport death = death_of(driver.receive<LaneDead>());
  EXPECT_TRUE(death.expected);
  EXPECT_EQ(death.exit_code, 0);
}

TEST(NodeProcess, KilledActorDiesWithTheCause) {
  Driver driver;
  driver.peer().send(ActorCreate{.actor = kActor}, actor_payload());
  EXPECT_EQ(driver.receive<ActorChanged>().message.state, ActorState::kAlive);
  driver.peer().send(ActorKill{.actor = kActor});
  const auto dead = driver.receive<ActorChanged>();
  EXPECT_EQ(dead.message.state, ActorState::kDead);
  const ErrorRecord error = decode_error(WireReader(dead.bytes()).meta());
  EXPECT_EQ(error.kind, ErrorKind::kActorDied);
  EXPECT_NE(error.message.find("ActorHandle::kill()"), std::string::npos) << error.message;
}

TEST(NodeProcess, PublishedValueReachesItsSubscriber) {
  Driver driver;
  const ObjectId object(5, 6);
  driver.peer().send(Publish{.object = object});
  driver.peer().send(Subscribe{.object = object});
  const std::vector<std::byte> value = error_wire(ErrorKind::kCancelled, "as good as any value");
  driver.peer().send(Fulfil{.object = object}, value);
  EXPECT_EQ(driver.receive<ObjectValue>().payload, text_of(value));
  driver.peer().send(FreeObject{.object = object});
  EXPECT_EQ(driver.receive<ObjectFreed>().message.object, object);
}

TEST(LaunchNode, RefusesADirectoryThatIsNotThere) {
  NodeOptions options = small_node();
  options.working_dir = "/no/such/directory";
  EXPECT_THROW(launch_node(options), InvalidArgument);
}

TEST(LaunchNode, RunsTheWorkersInTheWorkingDirectory) {
  NodeOptions options = small_node();
  options.working_dir = "/proc";
  Driver driver(options);
  const CalleeLane lane = driver.lease();
  EXPECT_EQ(fs::read_symlink("/proc/" + std::to_string(driver.pid_of(lane.worker)) + "/cwd"),
            "/proc");
}

TEST(NodeProcess, AWorkerThatSendsNonsenseIsKilledAndNodeLogSaysWhatItSent) {
  Driver driver;
  CalleeLane lane = driver.lease();
  const pid_t worker = driver.pid_of(lane.worker);
  driver.call(lane, "send nonsense");
  EXPECT_EQ(death_of(driver.receive<LaneDead>()).signal, SIGKILL);
  std::ifstream log(driver.attachment().directory / "node.log");
  std::string line;
  std::getline(log, line);
  EXPECT_EQ(line, "manta node: worker " + std::to_string(worker) +
                      " sent a message of kind 6 (LaneClosed) in 8 bytes, of which its payload is "
                      "to be 1000: the node reads no more of it, and kills it");
}

}  // namespace
}  // namespace manta::detail::node
