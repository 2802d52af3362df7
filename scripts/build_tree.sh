# shellcheck shell=bash
# Configuring and building a build tree; sourced by the scripts beside it and by .ci/run.
#
# Invariant: what is done already is not done again: a tree is configured anew only when it is asked for
# other options than last time.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*"; }

# Compiler processes: one per core, but only as many as fit into the memory (1.5 GB each).
compile_jobs() {
  local cores memory_kib by_memory
  cores=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kib / 1500000))
  echo $((by_memory < 1 ? 1 : by_memory < cores ? by_memory : cores))
}

# configure TREE OPTION...: the build tree build/TREE with these CMake options.
configure() {
  local tree=$root/build/$1 wanted
  shift
  wanted="$*"
  if [[ -f $tree/build.ninja && $(cat "$tree/.options" 2> /dev/null) == "$wanted" ]]; then
    # Also so that has_target() knows what was added to a CMakeLists.txt since.
    ninja -C "$tree" build.ninja > "$tree/configure.log" 2>&1 || {
      cat "$tree/configure.log" >&2
      return 1
    }
    return 0
  fi
  mkdir -p "$tree"
  if ! cmake -G Ninja -S "$root" -B "$tree" "$@" > "$tree/configure.log" 2>&1; then
    cat "$tree/configure.log" >&2
    return 1
  fi
  printf '%s\n' "$wanted" > "$tree/.options"
}

# build TREE [TARGET...]
build() {
  local tree=$root/build/$1
  shift
  if [[ -t 1 ]]; then
    ninja -C "$tree" -j "$(compile_jobs)" "$@"
  else
    ninja -C "$tree" -j "$(compile_jobs)" --quiet "$@"
  fi
}

# has_target TREE TARGET: does the tree know how to build it?
has_target() { ninja -C "$root/build/$1" -t query "$2" > /dev/null 2>&1; }

# The tree of demo, test and bench.
configure_release() { configure release -DCMAKE_BUILD_TYPE=Release -DMANTA_WERROR=ON -DMANTA_FULL_TESTS=OFF "$@"; }
