// The first message on the socket "join" in a node's directory, from a program that wants to be a driver there: which
// Manta it is, its program, and a role file (role.h) that says what its workers are started with. A NodeHello answers
// it.
//
//   driver: JoinAsk + 2 descriptors -->   <-- node: NodeHello   driver: kGoodbye --> ... kLetGo -->
//
// They may be of different versions, so JoinAsk never changes, and comes before anything else is looked at.
// Threads: values. Errors: send() gives false, receive_join() nothing, when the other end is gone or talks nonsense.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "../../base/fd.h"

namespace manta::detail {

inline constexpr const char* kJoinSocket = "join";

// What a driver says later, a byte each: it leaves in peace; it reads none of the node's memory any more.
inline constexpr char kGoodbye = 'g';
inline constexpr char kLetGo = 'l';

struct JoinAsk {
  std::array<char, 8> magic = {'m', 'a', 'n', 't', 'a', 'n', 'e', 'w'};
  std::uint32_t layout = 0;           // rpc::kLayoutVersion
  std::array<char, 36> version = {};  // with its end

  static JoinAsk ours();
  std::string text() const;  // "Manta 0.1.0 (layout 7)"
  bool operator==(const JoinAsk&) const = default;
};

struct JoinRequest {
  JoinAsk ask;
  base::Fd role = {}, program = {};

  bool send(int socket) const;
};
std::optional<JoinRequest> receive_join(int socket);

}  // namespace manta::detail
