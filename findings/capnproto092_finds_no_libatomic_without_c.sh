#!/usr/bin/env bash
# Cap'n Proto 0.9.2 (Debian 12: libcapnp-dev 0.9.2-2) with CMake: in a project of C++ alone find_package(CapnProto) ends
# the configuration with "libatomic not found", whether the library is installed or not; in one of C and C++ it is found.
# The package looks for __atomic_load_8 by check_library_exists(), which declares it as a function without parameters:
# a C compiler takes that with a warning, a C++ compiler refuses another declaration of its builtin.
#
# A project of C++ alone takes the library by pkg-config (capnp.pc), or says enable_language(C) first.
#
# Fails when the package behaves in another way. Needs apt-get, cmake, gcc, g++, libssl-dev and the network; changes nothing
# outside a temporary folder.
set -euo pipefail
version=0.9.2-2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "libcapnp-dev=$version" "libcapnp-0.9.2=$version" "capnproto=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
for package in ./*.deb; do dpkg-deb -x "$package" root; done

# configure NAME LANGUAGES: an empty project that looks for the package.
configure() {
  mkdir "$1"
  cat > "$1/CMakeLists.txt" << END
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES $2)
find_package(CapnProto CONFIG REQUIRED PATHS $folder/root/usr/lib/x86_64-linux-gnu/cmake NO_DEFAULT_PATH)
END
  cmake -S "$1" -B "$1/build" > "$1/said" 2>&1
}

if ! configure both "C CXX"; then
  cat both/said >&2
  echo "C and C++: it was found" >&2
  exit 1
fi
if configure alone "CXX" || ! grep -q "libatomic not found" alone/said; then
  cat alone/said >&2
  echo "C++ alone: this has changed" >&2
  exit 1
fi
echo "Cap'n Proto $version: found by a project of C and C++; C++ alone: libatomic not found"
