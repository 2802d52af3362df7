#!/usr/bin/env bash
# GCC 12.2.0 (Debian 12: g++-12 12.2.0-14+deb12u1), C++20: the members of a temporary aggregate that is written in a
# co_yield are destroyed twice, whether it has its name (co_yield Pair{...}) or only braces (co_yield {...}), and however
# yield_value takes it. For a member that owns memory that is a double free. A good engineer would expect as many
# destructors as constructors. A variable, also moved from, and what a function returns, are destroyed once.
#
# Fails when the compiler behaves in another way. Needs apt-get and the network; changes nothing outside a temporary folder.
set -euo pipefail
version=12.2.0-14+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "g++-12=$version" "gcc-12=$version" "cpp-12=$version" "libgcc-12-dev=$version" \
  "libstdc++-12-dev=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat > twice.cc << 'END'
#include <coroutine>
#include <cstdio>
#include <optional>
#include <utility>

int alive = 0;
struct Member {
  Member() { ++alive; }
  Member(const Member&) { ++alive; }
  ~Member() { --alive; }
};
struct Pair { Member member; int number; };

struct Generator {
  struct promise_type {
    std::optional<Pair> pair;
    Generator get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(Pair given) { pair.emplace(given); return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> body;
};

Pair make() { return {Member(), 1}; }
Generator temporary() { co_yield Pair{Member(), 1}; }
Generator braces() { co_yield {Member(), 1}; }
Generator variable() { Pair pair{Member(), 1}; co_yield pair; }
Generator moved() { Pair pair{Member(), 1}; co_yield std::move(pair); }
Generator result() { co_yield make(); }

void count(const char* name, Generator (*f)()) {
  alive = 0;
  const Generator generator = f();
  while (!generator.body.done()) generator.body.resume();
  generator.body.destroy();
  std::printf("%s %d\n", name, alive);
}

int main() {
  count("temporary", temporary);
  count("braces", braces);
  count("variable", variable);
  count("moved", moved);
  count("result", result);
}
END

root/usr/bin/x86_64-linux-gnu-g++-12 -std=c++20 twice.cc -o twice
seen=$(./twice)
expected=$'temporary -1\nbraces -1\nvariable 0\nmoved 0\nresult 0'
echo "g++-12 $version, members alive after the generator (right: 0):"
echo "$seen"
if [[ $seen != "$expected" ]]; then
  echo "this has changed: temporary and braces were -1, the others 0" >&2
  exit 1
fi
