#!/usr/bin/env bash
# GCC 12.2.0 (Debian 12: gcc-12 12.2.0-14+deb12u1), x86-64: where "this number is not negative" is compared with "this bit
# is set" by ==, code optimized with -O1 and more looks at the bit alone: the sign test is gone. A good engineer would
# expect the value of -O0 at every level, as the expression has no undefined behaviour. With an `if` between the two, or
# with && and ||, it is right.
#
# Fails when the compiler behaves in another way. Needs apt-get and the network; changes nothing outside a temporary folder.
set -euo pipefail
version=12.2.0-14+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "gcc-12=$version" "cpp-12=$version" "libgcc-12-dev=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat > same.c << 'END'
#include <stdio.h>
#include <stdlib.h>

/* 1: in no text the sign test and the bit agree. */
__attribute__((noinline)) int none_agrees(char **texts, unsigned bits) {
  for (int at = 0; at < 3; ++at)
    if ((atoi(texts[at]) >= 0) == ((bits >> at & 1) != 0)) return 0;
  return 1;
}

int main(void) {
  char *texts[] = {"-1", "-1", "-1"};
  printf("%d\n", none_agrees(texts, 0)); /* "not negative" is false, "bit set" is false: they agree */
  return 0;
}
END

expected=(0 1 1 1)  # the right value is 0
for level in 0 1 2 3; do
  root/usr/bin/x86_64-linux-gnu-gcc-12 -O$level same.c -o same
  seen=$(./same)
  echo "gcc-12 $version -O$level: $seen (right: 0)"
  if [[ $seen != "${expected[level]}" ]]; then
    echo "this has changed: it was ${expected[level]}" >&2
    exit 1
  fi
done
