#!/usr/bin/env bash
# The readers, operators and recorded TensorFlow cases under the address and
# undefined-behaviour sanitizers, then 20,000 damaged graphs for each reader. The last line counts. `make asan` runs all.
set -uo pipefail
cd "$(dirname "$0")/.."
tests=(ops_test golden_test media_test fuzz_test)
cmake --preset asan >/dev/null && cmake --build --preset asan --target "${tests[@]}" || exit 1
passed=0
failed=0
export TEMPER_FUZZ_SECONDS=0 TEMPER_FUZZ_INPUTS=${TEMPER_FUZZ_INPUTS:-20000}
for test in "${tests[@]}"; do
  if "build-asan/tests/$test" --gtest_brief=1; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $test" >&2; fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
