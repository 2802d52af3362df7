#!/usr/bin/env bash
# GCC 12.2.0 (Debian 12: g++-12 12.2.0-14+deb12u1), C++20, a struct whose last member is an array without a length (an
# extension that C headers use): a structured binding must name that array, although no initializer in a template's
# `requires` can be for it, not even {}. Who counts the members of an aggregate by how many initializers it takes, as
# reflection libraries do, gets one less than a structured binding wants, and the error comes where the binding is.
# (For other structs the two are equal.) In an array of such structs without inner braces, the same initializers that
# make two structs without the array are refused: that tells them apart.
#
# Fails when the compiler behaves in another way. Needs apt-get and the network; changes nothing outside a temporary folder.
set -euo pipefail
version=12.2.0-14+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "g++-12=$version" "gcc-12=$version" "cpp-12=$version" "libgcc-12-dev=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat > members.cc << 'END'
struct Fixed { int length; };
struct Open { int length; int items[]; };

template <class T> constexpr bool takes_one = requires { T{1}; };
template <class T> constexpr bool takes_two = requires { T{1, 2}; };
template <class T> constexpr bool takes_braces = requires { T{1, {}}; };
static_assert(takes_one<Fixed> && !takes_two<Fixed> && !takes_braces<Fixed>);
static_assert(takes_one<Open> && !takes_two<Open> && !takes_braces<Open>);

template <bool> struct Constant {};
template <class T> using Many = T[];
template <class T> constexpr bool fills = requires { Constant<(sizeof(Many<T>{1, 2}) > 0)>(); };
static_assert(fills<Fixed> && !fills<Open>);

int of_fixed(Fixed& object) {
  auto& [length] = object;
  return length;
}
int of_open(Open& object) {
#ifdef ONE_NAME
  auto& [length] = object;
#else
  auto& [length, items] = object;
  static_cast<void>(items);
#endif
  return length;
}
END

compile() { root/usr/bin/x86_64-linux-gnu-g++-12 -std=c++20 -fsyntax-only "$@" members.cc 2> errors; }

if ! compile; then
  cat errors >&2
  echo "this has changed: one initializer and two names were right" >&2
  exit 1
fi
if compile -DONE_NAME || ! grep -q "decomposes into 2 elements" errors; then
  cat errors >&2
  echo "this has changed: as many names as initializers were an error" >&2
  exit 1
fi
echo "g++-12 $version: a struct {int length; int items[];} takes 1 initializer and decomposes into 2 elements"
