#!/usr/bin/env bash
# The runtime's, the kernels' and the compiler's tests under sanitizers, each in a build folder of
# its own: address together with undefined behaviour, then thread. Emitted kernels and the
# hand-written ones of the tests are built with the sanitizer too; Swift has no option for undefined
# behaviour on Linux, so that C is compiled to stop at it.
#
# Kernels are built without optimization: the checks are the same, and clang, which takes most of the
# time, is ten times as fast.
set -euo pipefail
cd "$(dirname "$0")/.."
stops='-fsanitize=undefined -fsanitize-trap=undefined'
export LSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/leaks.supp"
export TSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/races.supp"
# The cases of the ops are too many: one in so many, of every op.
export TENON_TEST_CASES_EVERY=${TENON_TEST_CASES_EVERY:-100}
# The kernels of one run serve none but it.
TENON_CACHE=$(mktemp -d)
export TENON_CACHE
trap 'rm -rf "$TENON_CACHE"' EXIT

# build SANITIZER FLAGS
build() {
  local started=$SECONDS
  options=(-c release -Xswiftc -enable-testing --sanitize="$1" --scratch-path ".build-$1")
  for flag in $2; do options+=(-Xcc "$flag"); done
  export TENON_TEST_KERNEL_FLAGS="-fsanitize=$1 $2 -O0" TENON_KERNEL_FLAGS="-fsanitize=$1 $2 -O0"
  swift build --build-tests "${options[@]}"
  echo "==> $1: built in $((SECONDS - started)) s"
}

# run TESTS, of what was built last
run() {
  local started=$SECONDS
  swift test --skip-build "${options[@]}" --filter "$1"
  echo "==> $1: $((SECONDS - started)) s"
}

for sanitizer in ${SANITIZERS:-address thread}; do
  case $sanitizer in
    address)
      echo "==> address and undefined-behaviour sanitizers"
      build address "$stops"
      run 'RuntimeTests|CodegenTests'
      run CompilerTests
      ;;
    thread)
      echo "==> thread sanitizer"
      build thread ""
      run 'RuntimeTests|CodegenTests'
      ;;
  esac
done
