#!/usr/bin/env bash
# Asio 1.22.1 (Debian 12: libasio-dev 1:1.22.1-1), without Boost, on Linux (epoll), one thread: an async_wait for a
# descriptor that is not readable ends at once and without an error, where the same turn of the io_context had an event
# for a descriptor that a handler has closed since. Two event counters are readable; the handler of the first closes the
# second, and waits for a third, which is not readable: the wait ends, and poll() says that nothing can be read. What
# was made for the closed descriptor inside Asio serves the new one, and its event is still to come.
#
# So the end of a wait is a reason to look, and no proof: with async_wait on a pidfd a process that lives was taken for
# dead. (async_read_some looks itself, and goes on waiting.)
#
# Fails when the library behaves in another way. Needs apt-get, g++ and the network; changes nothing outside a temporary
# folder.
set -euo pipefail
version=1:1.22.1-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "libasio-dev=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
dpkg-deb -x ./*.deb root

cat > wait.cc << 'END'
#include <asio.hpp>
#include <chrono>
#include <cstdio>
#include <poll.h>
#include <sys/eventfd.h>

using Descriptor = asio::posix::stream_descriptor;

// How the wait for a descriptor ends that is never readable, if a handler makes it after it has closed another one, or
// kept that open.
void wait_for_what_never_comes(bool close_other) {
  asio::io_context io;
  Descriptor one(io, eventfd(1, 0)), two(io, eventfd(1, 0)), fresh(io);
  bool begun = false;
  const auto begin = [&](Descriptor& other) {
    if (begun) return;
    begun = true;
    if (close_other) other.close();
    fresh.assign(eventfd(0, 0));
    fresh.async_wait(Descriptor::wait_read, [&](asio::error_code error) {
      pollfd asked{fresh.native_handle(), POLLIN, 0};
      std::printf("%s: the wait ended %s; readable: %s\n", close_other ? "closed" : "kept",
                  error ? "when it was cancelled" : "without an error",
                  poll(&asked, 1, 0) == 1 ? "yes" : "no");
    });
  };
  one.async_wait(Descriptor::wait_read, [&](asio::error_code error) { if (!error) begin(two); });
  two.async_wait(Descriptor::wait_read, [&](asio::error_code error) { if (!error) begin(one); });
  asio::steady_timer end(io, std::chrono::milliseconds(500));
  end.async_wait([&](asio::error_code) { fresh.cancel(); });
  io.run();
}

int main() {
  wait_for_what_never_comes(false);
  wait_for_what_never_comes(true);
}
END
g++ -std=c++20 -O1 -DASIO_STANDALONE -Iroot/usr/include wait.cc -o wait
./wait > said
cat > expected << 'END'
kept: the wait ended when it was cancelled; readable: no
closed: the wait ended without an error; readable: no
END
if ! diff expected said; then
  echo "Asio $version: this has changed" >&2
  exit 1
fi
echo "Asio $version: as described:"
cat said
