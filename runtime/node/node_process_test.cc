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

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct CalleeLane {
  std::uint64_t number;
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

  SessionPeer::Message receive(NodeMessage kind) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      while (auto message = peer_.receive_now()) {
        if (message->frame.kind == kind) return std::move(*message);
      }
      peer_.sleep([] { return false; });
    }
    ADD_FAILURE() << "no message of kind " << static_cast<unsigned>(kind);
    return {};
  }

  CalleeLane open_lane(std::uint64_t number, std::uint64_t worker) {
    const rpc::Lane lane = peer_.control().lane(static_cast<std::uint32_t>(number));
    return {number, static_cast<rpc::Slot>(worker), rpc::RingWriter(lane.to_callee),
            rpc::RingReader(lane.to_caller)};
  }
  CalleeLane lease(double cpus = 1) {
    peer_.send({.kind = NodeMessage::lease_want, .arg0 = 7, .arg1 = 1, .real = cpus});
    const auto grant = receive(NodeMessage::lease_grant);
    return open_lane(grant.frame.arg1, grant.frame.arg2);
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

ProcessDeath death_of(const SessionPeer::Message& message) {
  ProcessDeath death;
  EXPECT_GE(message.payload.size(), sizeof death);
  std::memcpy(&death, message.payload.data(), sizeof death);
  return death;
}

TEST(NodeProcess, GrantsALeaseAndLeavesNothing) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "hello");
  EXPECT_TRUE(driver.answered(lane));
  driver.peer().send({.kind = NodeMessage::lease_return, .arg0 = lane.number});

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
  for (const pid_t pid : processes)
    EXPECT_TRUE(eventually([&] { return !process_exists(pid); })) << pid;
  EXPECT_FALSE(fs::exists(directory));
}

TEST(NodeProcess, ReportsASignalWithTheLastOutput) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "abort");
  const auto message = driver.receive(NodeMessage::lane_dead);
  EXPECT_EQ(message.frame.arg0, lane.number);
  const ProcessDeath death = death_of(message);
  EXPECT_EQ(death.signal, SIGABRT);
  EXPECT_EQ(death.expected, 0U);
  EXPECT_NE(text_of(message.payload).find("about to abort"), std::string::npos);
}

TEST(NodeProcess, ReportsAKilledWorkerAndGrantsAnother) {
  Driver driver;
  CalleeLane lane = driver.lease();
  const pid_t pid = driver.pid_of(lane.worker);
  kill(pid, SIGKILL);
  const ProcessDeath death = death_of(driver.receive(NodeMessage::lane_dead));
  EXPECT_EQ(death.pid, pid);
  EXPECT_EQ(death.signal, SIGKILL);
  driver.peer().send({.kind = NodeMessage::lane_closed, .arg0 = lane.number});
  CalleeLane next = driver.lease();
  driver.call(next, "hello");
  EXPECT_TRUE(driver.answered(next));
}

TEST(NodeProcess, ReportsTheExitCode) {
  Driver driver;
  CalleeLane lane = driver.lease();
  driver.call(lane, "exit 42");
  const ProcessDeath death = death_of(driver.receive(NodeMessage::lane_dead));
  EXPECT_EQ(death.signal, 0);
  EXPECT_EQ(death.exit_code, 42);
}

TEST(NodeProcess, RefusesWhatItCanNeverGrant) {
  Driver driver;
  driver.peer().send({.kind = NodeMessage::lease_want, .arg0 = 3, .arg1 = 1, .real = 5});
  const auto refusal = driver.receive(NodeMessage::lease_refused);
  EXPECT_EQ(refusal.frame.arg0, 3U);
  EXPECT_EQ(static_cast<ErrorKind>(refusal.frame.arg1), ErrorKind::unschedulable);
  EXPECT_NE(text_of(refusal.payload).find("CPU"), std::string::npos);
}

TEST(NodeProcess, SaysWhyWorkersDoNotStart) {
  NodeOptions options = small_node();
  options.env["STAND_IN_WORKER_FAILS"] = "no such device";
  Driver driver(options);
  driver.peer().send({.kind = NodeMessage::lease_want, .arg0 = 3, .arg1 = 1, .real = 1});
  const auto refusal = driver.receive(NodeMessage::lease_refused);
  EXPECT_EQ(static_cast<ErrorKind>(refusal.frame.arg1), ErrorKind::worker_start_failed);
  EXPECT_NE(text_of(refusal.payload).find("no such device"), std::string::npos)
      << text_of(refusal.payload);
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
  EXPECT_EQ(read(driver.attachment().socket.get(), &byte, 1),
            0);  // EOF is how the driver learns of it
  for (const pid_t worker : workers)
    EXPECT_TRUE(eventually([&] { return !process_exists(worker); }));
  shutdown_node(driver.attachment());
  EXPECT_FALSE(fs::exists(driver.attachment().directory));
}

std::vector<std::byte> actor_payload() {
  ActorCreate head;
  head.type_size = 7;
  std::vector<std::byte> payload(sizeof head + 8);
  std::memcpy(payload.data(), &head, sizeof head);
  std::memcpy(payload.data() + sizeof head, "Counter", 7);
  return payload;
}

TEST(NodeProcess, ActorEndsAfterItsLastHandle) {
  Driver driver;
  const NodeFrame actor{.id_hi = 1, .id_lo = 2};
  NodeFrame frame = actor;
  frame.kind = NodeMessage::actor_create;
  driver.peer().send(frame, actor_payload());
  frame.kind = NodeMessage::actor_connect;
  driver.peer().send(frame);
  const auto connected = driver.receive(NodeMessage::actor_lane);
  CalleeLane lane = driver.open_lane(connected.frame.arg0, connected.frame.arg1);
  driver.call(lane, "hello");
  EXPECT_TRUE(driver.answered(lane));
  frame.kind = NodeMessage::release;
  frame.arg0 = 1;  // RefKind::actor
  frame.arg1 = 1;
  driver.peer().send(frame);
  const ProcessDeath death = death_of(driver.receive(NodeMessage::lane_dead));
  EXPECT_EQ(death.expected, 1U);
  EXPECT_EQ(death.exit_code, 0);
}

TEST(NodeProcess, KilledActorDiesWithTheCause) {
  Driver driver;
  NodeFrame frame{.kind = NodeMessage::actor_create, .id_hi = 1, .id_lo = 2};
  driver.peer().send(frame, actor_payload());
  EXPECT_EQ(driver.receive(NodeMessage::actor_state).frame.arg0,
            static_cast<std::uint64_t>(ActorState::alive));
  frame.kind = NodeMessage::actor_kill;
  driver.peer().send(frame);
  const auto dead = driver.receive(NodeMessage::actor_state);
  EXPECT_EQ(dead.frame.arg0, static_cast<std::uint64_t>(ActorState::dead));
  const ErrorRecord error = decode_error(WireReader(dead.payload).meta());
  EXPECT_EQ(error.kind, ErrorKind::actor_died);
  EXPECT_NE(error.message.find("ActorHandle::kill()"), std::string::npos) << error.message;
}

TEST(NodeProcess, PublishedValueReachesItsSubscriber) {
  Driver driver;
  NodeFrame frame{.kind = NodeMessage::publish, .id_hi = 5, .id_lo = 6, .arg0 = 0};
  driver.peer().send(frame);
  frame.kind = NodeMessage::subscribe;
  driver.peer().send(frame);
  frame.kind = NodeMessage::fulfil;
  const std::vector<std::byte> value = error_wire(ErrorKind::cancelled, "as good as any value");
  driver.peer().send(frame, value);
  EXPECT_EQ(driver.receive(NodeMessage::value).payload, value);
  frame.kind = NodeMessage::free_object;
  driver.peer().send(frame);
  EXPECT_EQ(driver.receive(NodeMessage::freed).frame.id_hi, 5U);
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

}  // namespace
}  // namespace manta::detail::node
