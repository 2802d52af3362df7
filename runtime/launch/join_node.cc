#include "join_node.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "../../base/error.h"
#include "../../base/local_socket.h"
#include "../../base/standard_streams.h"
#include "hello.h"
#include "init_steps.h"
#include "process_environment.h"
#include "program.h"
#include "role.h"
#include "session_directory.h"

namespace manta::detail {
namespace {

namespace fs = std::filesystem;

constexpr int kHelloTimeoutMs = 60'000;
constexpr int kLeavesWithinMs = 3'000;

[[noreturn]] void refuse_address(const std::string& address, const std::string& why) {
  throw InvalidArgument("manta::init: no node runs at the address \"" + address + "\": " + why +
                        "; start one with `manta start`, which says its address, or leave "
                        "InitOptions::address and MANTA_ADDRESS empty for a private node");
}

base::Fd connect_to(const fs::path& directory) {
  base::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  const auto address = base::local_address((directory / kJoinSocket).string());
  if (!address) {
    refuse_address(directory.string(), "this is no directory of a node, its path is too long");
  }
  int result = 0;
  do {
    result = connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  } while (result != 0 && errno == EINTR);
  if (result != 0) refuse_address(directory.string(), std::strerror(errno));
  return socket;
}

pid_t pid_of_peer(int socket) {
  const auto peer = base::peer_of(socket);
  if (!peer) fail("SO_PEERCRED");
  return peer->pid;
}

// What workers of a private session would inherit.
NodeOptions with_surroundings(NodeOptions options) {
  options.environment = environment_now();
  options.env.try_emplace(kGenerationVariable, std::to_string(generation() + 1));
  if (options.working_dir.empty()) {
    std::error_code error;
    options.working_dir = fs::current_path(error).string();
    if (error) fail("the current directory, in which the workers are to run", error.value());
  }
  return options;
}

NodeHello receive_hello(int socket, pid_t node) {
  NodeHello hello;
  if (wait_for(socket, POLLIN, kHelloTimeoutMs) == 0) {
    throw RuntimeError("manta::init: the node process (pid " + std::to_string(node) +
                       ") did not answer within 60 s" + why_silent(node));
  }
  if (!hello.receive(socket)) {
    throw RuntimeError("manta::init: the node process (pid " + std::to_string(node) +
                       ") closed the connection before it answered" + why_silent(node));
  }
  const std::string why = "manta::init: " + hello.error;
  if (hello.refusal == NodeHello::Refusal::kBuildMismatch) throw BuildMismatch(why);
  if (!hello.error.empty()) throw RuntimeError(why);
  return hello;
}

}  // namespace

std::vector<fs::path> running_nodes() {
  std::vector<fs::path> nodes;
  for (const fs::path& directory : running_sessions()) {
    std::error_code ignored;
    if (fs::exists(directory / kJoinSocket, ignored)) nodes.push_back(directory);
  }
  return nodes;
}

NodeProcess process_of_node(const fs::path& directory) {
  return NodeProcess(pid_of_peer(connect_to(directory).get()));
}

fs::path find_node(const std::string& address) {
  if (address != "auto") return address;
  const std::vector<fs::path> nodes = running_nodes();
  if (nodes.size() == 1) return nodes.front();
  if (nodes.empty()) refuse_address(address, "this user runs none on this machine");
  std::string text = "manta::init: " + std::to_string(nodes.size()) +
                     " nodes of this user are running: say which by InitOptions::address or "
                     "MANTA_ADDRESS";
  for (const fs::path& directory : nodes) text += "\n  " + directory.string();
  throw RuntimeError(text);
}

Attachment join_node(const NodeOptions& options, const JoinAsk& as) {
  const base::StandardStreamsReserved reserved;
  require_working_directory(options.working_dir);
  JoinRequest request{.ask = as};
  request.program = open_program(options.program);
  Role role;
  role.kind = RoleKind::kJob;
  role.attachment.job = random_id<JobId>();
  role.options = with_surroundings(options);
  request.role = make_role_file(role);
  Attachment attachment;
  attachment.socket = connect_to(find_node(options.address));
  const int socket = attachment.socket.get();
  const pid_t node = pid_of_peer(socket);
  attachment.node_process = NodeProcess(node);
  if (!request.send(socket)) fail("asking the node process (pid " + std::to_string(node) + ")");
  NodeHello hello = receive_hello(socket, node);
  static_cast<SessionPart&>(attachment) = read_role_file(hello.part).attachment;
  take_memory(hello, attachment);
  attachment.joined = true;
  return attachment;
}

// The node closes its end behind the last of the output, which another thread reads.
void leave_node(const Attachment& attachment, const std::function<bool()>& goes_on) {
  const int socket = attachment.socket.get();
  (void)send(socket, &kGoodbye, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (wait_for(socket, POLLRDHUP, kLeavesWithinMs) == 0) {
    if (goes_on && goes_on()) continue;
    shutdown(socket, SHUT_RDWR);  // the thread that reads ends, too
    return;
  }
}

}  // namespace manta::detail
