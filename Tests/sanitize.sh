#!/usr/bin/env bash
# The runtime's and kernels' tests under the address, undefined-behaviour and thread sanitizers, each
# in a build folder of its own. Emitted kernels and the hand-written ones of the tests are built with
# the sanitizer too.
set -euo pipefail
cd "$(dirname "$0")/.."
tests='RuntimeTests|CodegenTests'

for sanitizer in ${SANITIZERS:-address thread}; do
  echo "==> $sanitizer sanitizer"
  LSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/leaks.supp" \
    TENON_TEST_KERNEL_FLAGS="-fsanitize=$sanitizer" \
    TENON_KERNEL_FLAGS="-fsanitize=$sanitizer" \
    swift test --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" --filter "$tests"
done

# Swift has no option for this one on Linux: C is compiled to stop at undefined behaviour.
echo "==> undefined-behaviour sanitizer"
traps='-fsanitize=undefined -fsanitize-trap=undefined'
TENON_TEST_KERNEL_FLAGS="$traps" TENON_KERNEL_FLAGS="$traps" \
  swift test $(printf -- '-Xcc %s ' $traps) --scratch-path ".build-undefined" --filter "$tests"
