#!/usr/bin/env bash
# The runtime's, the kernels' and the compiler's tests under sanitizers, each in a build folder of
# its own: address together with undefined behaviour, then thread. Emitted kernels and the
# hand-written ones of the tests are built with the sanitizer too; Swift has no option for undefined
# behaviour on Linux, so that C is compiled to stop at it.
set -euo pipefail
cd "$(dirname "$0")/.."
stops='-fsanitize=undefined -fsanitize-trap=undefined'
export LSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/leaks.supp"

# run SANITIZER FLAGS TESTS
run() {
  local c_flags=() kernel_flags="-fsanitize=$1 $2"
  for flag in $2; do c_flags+=(-Xcc "$flag"); done
  local started=$SECONDS
  TENON_TEST_KERNEL_FLAGS="$kernel_flags" TENON_KERNEL_FLAGS="$kernel_flags" \
    swift test --sanitize="$1" ${c_flags[@]+"${c_flags[@]}"} --scratch-path ".build-$1" \
    --filter "$3"
  echo "==> $1: $((SECONDS - started)) s"
}

for sanitizer in ${SANITIZERS:-address thread}; do
  case $sanitizer in
    address)
      echo "==> address and undefined-behaviour sanitizers"
      run address "$stops" 'RuntimeTests|CodegenTests'
      # The cases of the ops are too many: one in so many, of every op.
      TENON_TEST_CASES_EVERY=${TENON_TEST_CASES_EVERY:-40} run address "$stops" CompilerTests
      ;;
    thread)
      echo "==> thread sanitizer"
      run thread "" 'RuntimeTests|CodegenTests'
      ;;
  esac
done
