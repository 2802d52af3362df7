// Sockets between processes of one machine: their addresses, who is at the other end, and descriptors that travel
// beside bytes (SCM_RIGHTS).
//
// Threads: any. Errors: as results; errno is that of the system call.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

#include "fd.h"

namespace manta::base {

std::optional<sockaddr_un> local_address(const std::string& path);  // nothing: it is too long

// Its process and user when it connected, or made the pair.
std::optional<ucred> peer_of(int socket);

// True: all of it was sent. The receiver gets copies of the descriptors. Raises no SIGPIPE.
bool send_with_descriptors(int socket, std::span<const std::byte> bytes,
                           std::span<const int> descriptors);

struct Received {
  std::size_t bytes = 0;  // 0: the other end is gone, or there was an error
  std::vector<Fd> descriptors = {};
  bool cut_off = false;  // there were more of them than were wanted, or than this process may open
};
// `flags` as for recvmsg(): MSG_WAITALL, MSG_DONTWAIT. At most `most` descriptors.
Received receive_with_descriptors(int socket, std::span<std::byte> bytes, std::size_t most,
                                  int flags);

}  // namespace manta::base
