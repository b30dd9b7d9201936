#!/bin/sh
# Proves that the user's line is found from an operator and from a named call in a program beside
# Tenon: in debug and release builds, with DWARF 4 and 5, with the Swift runtime linked statically,
# and in a library; and that a stripped program still names the function, or the offset in its file.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$root/Tests/Fixtures/Origins/." "$work"
mkdir "$work/Tenon"
ln -s "$root/Sources/CTenonKernels" "$root/Sources/TenonGraph" "$work/Tenon/"
cd "$work"

# build NAME ARGUMENTS...: builds the program and puts it into the folder NAME.
build() {
  name=$1
  shift
  if ! swift build --scratch-path "build-$name" "$@" > log 2>&1; then
    cat log
    exit 1
  fi
  mkdir "$name"
  cp "$(swift build --scratch-path "build-$name" "$@" --show-bin-path)/HelloGraph" "$name/"
}

# check NAME KNOWN: runs the program of the folder NAME; KNOWN is what its file says of its code.
check() {
  "./$1/HelloGraph" "$2" > output || { cat output; echo "$1: failed"; exit 1; }
  if grep -v '^right: ' output || [ "$(grep -c '^right: ' output)" -ne 18 ]; then
    cat output
    echo "$1: origins are wrong"
    exit 1
  fi
  echo "$1: 18 origins are right: $(sed -n 's/^right: operator of [^ ]*: //p' output)"
}

strip_program=$(command -v strip || command -v llvm-strip)
build debug
check debug lines
build release -c release
check release lines
mkdir without-lines stripped
"$strip_program" -g -o without-lines/HelloGraph release/HelloGraph
check without-lines functions
"$strip_program" -o stripped/HelloGraph release/HelloGraph
check stripped offsets
build dwarf-5 -c release -Xswiftc -dwarf-version=5
check dwarf-5 lines
build static -c release --static-swift-stdlib
check static lines

# A library that holds Tenon, loaded by a program that is not Swift's.
modules=$(swift build --scratch-path build-release -c release --show-bin-path)
objects=$(find "$modules/CTenonKernels.build" "$modules/TenonGraph.build" \
  "$modules/TenonOps.build" -name '*.o')
# The names of the object files have no blanks: they are those of the sources.
swiftc -O -g -emit-library -module-name Library Library/Library.swift -o libLibrary.so \
  -I "$modules/Modules" -Xcc -I"$work/Tenon/CTenonKernels/include" \
  -Xcc -fmodule-map-file="$modules/CTenonKernels.build/module.modulemap" $objects
"$(command -v clang || command -v cc)" Library/main.c -o load -ldl
runtime=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
LD_LIBRARY_PATH="$runtime/linux" ./load ./libLibrary.so > output
if [ "$(cat output)" != "$(printf 'true\ntrue\ntrue')" ]; then
  cat output
  echo "library: origins are wrong"
  exit 1
fi
echo "library: 3 origins are right"
