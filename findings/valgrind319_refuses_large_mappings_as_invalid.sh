#!/usr/bin/env bash
# valgrind 3.19.0 (Debian 12: valgrind 1:3.19.0-1, x86-64), any tool: it gives a program a small part of the addresses
# that a process has, so that reserving 64 GiB (PROT_NONE, MAP_NORESERVE), which costs no memory and succeeds without it,
# fails. And not with ENOMEM, which a program that can do with fewer addresses may look for, but with EINVAL, as if the
# arguments were wrong. 32 GiB are mapped.
#
# Fails when valgrind behaves in another way. Needs g++, apt-get and the network; changes nothing outside a temporary
# folder.
set -euo pipefail
version=1:3.19.0-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "valgrind=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
dpkg-deb -x ./*.deb root

cat > reserve.cc << 'END'
#include <cerrno>
#include <cstdio>
#include <sys/mman.h>

int main() {
  for (std::size_t gib = 32; gib <= 64; gib *= 2) {
    const std::size_t size = gib << 30;
    void* const memory = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const char* const error = errno == EINVAL ? "EINVAL" : errno == ENOMEM ? "ENOMEM" : "another error";
    std::printf("%zu GiB: %s\n", gib, memory != MAP_FAILED ? "mapped" : error);
    if (memory != MAP_FAILED) munmap(memory, size);
  }
}
END
g++ -o reserve reserve.cc

without=$(./reserve)
below=$(VALGRIND_LIB=$folder/root/usr/libexec/valgrind root/usr/bin/valgrind -q --tool=none ./reserve)
if [[ $without != $'32 GiB: mapped\n64 GiB: mapped' ]]; then
  echo "this machine does not give so many addresses: $without" >&2
  exit 1
fi
if [[ $below != $'32 GiB: mapped\n64 GiB: EINVAL' ]]; then
  echo "this has changed: valgrind gave $below" >&2
  exit 1
fi
echo "valgrind $version: 32 GiB of addresses are mapped, 64 GiB are refused with EINVAL; without it both are mapped"
