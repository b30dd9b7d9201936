#!/usr/bin/env bash
# The runtime's and kernels' tests under the address, undefined-behaviour and thread sanitizers, each
# in a build folder of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
for sanitizer in address undefined thread; do
  echo "==> $sanitizer sanitizer"
  TSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/tsan.supp" \
    swift test --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" \
    --filter 'RuntimeTests|CodegenTests'
done
