#!/usr/bin/env bash
# oneTBB 2021.8.0 (Debian 12: libtbb12 2021.8.0-2+deb12u1), a process that may start no thread more (here its address
# space is limited, as batch systems do; a limit of threads is the same): the first parallel_for throws std::runtime_error
# "pthread_create has failed: Resource temporarily unavailable" before the body has run once. A good engineer would
# expect the calling thread, which takes part anyway, to do it all: and so it does in the second parallel_for, with the
# limit still there.
#
# Fails when it behaves in another way. Needs apt-get, g++ and the network; changes nothing outside a temporary folder.
set -euo pipefail
version=2021.8.0-2+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "libtbb12=$version" "libtbb-dev=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
for package in ./*.deb; do dpkg-deb -x "$package" root; done
libraries=$folder/root/usr/lib/x86_64-linux-gnu

cat > loops.cc << 'END'
#include <atomic>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sys/resource.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/version.h>
#include <unistd.h>

// Room for what the program does, and for no thread's stack.
void allow_no_thread_more() {
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t most = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (4 << 20);
  const rlimit limit = {most, most};
  ::setrlimit(RLIMIT_AS, &limit);
}

int main() {
  std::printf("%s\n", TBB_runtime_version());
  const tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
  allow_no_thread_more();
  for (int loop = 0; loop < 2; ++loop) {
    std::atomic<int> done{0};
    try {
      tbb::parallel_for(0, 1000, [&](int) { ++done; });
      std::printf("returned, %d of 1000 done\n", done.load());
    } catch (const std::exception& error) {
      std::printf("threw \"%s\", %d of 1000 done\n", error.what(), done.load());
    }
  }
}
END
g++ -std=c++20 -O1 -I root/usr/include loops.cc -L "$libraries" -ltbb -o loops
LD_LIBRARY_PATH=$libraries ./loops | tee seen
cat > expected << 'END'
2021.8
threw "pthread_create has failed: Resource temporarily unavailable", 0 of 1000 done
returned, 1000 of 1000 done
END
if ! cmp -s expected seen; then
  echo "this has changed; expected was:" >&2
  cat expected >&2
  exit 1
fi
