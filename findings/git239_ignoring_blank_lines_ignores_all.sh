#!/usr/bin/env bash
# git 2.39.5 (Debian 12: 1:2.39.5-0+deb12u3): `git diff -I'^$'`, "ignore changes whose all lines match", ignores every
# change, also those of lines that are not blank. So do '^ *$' and 'x*$': any pattern that matches nothing at the end of a
# line. A good engineer would expect it to ignore changes of blank lines only, as --ignore-blank-lines does, and to see
# the change of the word in the middle; a check that is given such a diff says that nothing has changed.
#
# Fails when it behaves in another way. Needs apt-get and the network; changes nothing outside a temporary folder.
set -euo pipefail
version=1:2.39.5-0+deb12u3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get -q update > apt.log 2>&1 || true
apt-get -q download "git=$version" >> apt.log 2>&1 || {
  cat apt.log >&2
  exit 1
}
dpkg-deb -x ./git_*.deb root
export HOME=$folder GIT_CONFIG_NOSYSTEM=1 GIT_EXEC_PATH=$folder/root/usr/lib/git-core
git=$folder/root/usr/bin/git
"$git" --version

mkdir tree
cd tree
"$git" init -q -b main .
printf 'one\ntwo\nthree\n' > file
"$git" add file
"$git" -c user.name=somebody -c user.email=somebody@example.org commit -q -m first
printf 'one\n2\nthree\n' > file  # a word, no blank line

changed() { "$git" diff "$@" | grep -c '^+2$' || true; }
expect() {  # WHAT EXPECTED SEEN
  echo "$1: change shown $3 times"
  [[ $2 == "$3" ]] || { echo "expected: $2" >&2; exit 1; }
}
expect "git diff" 1 "$(changed)"
expect "git diff --ignore-blank-lines" 1 "$(changed --ignore-blank-lines)"
expect "git diff -I'^#'" 1 "$(changed -I'^#')"
for pattern in '^$' '^ *$' 'x*$'; do expect "git diff -I'$pattern'" 0 "$(changed -I"$pattern")"; done
