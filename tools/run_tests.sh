#!/usr/bin/env bash
# Runs every test of a build folder and the checks on the sources; the last line counts them. usage: run_tests.sh BUILD
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/$1
export TEMPER_FUZZ_SECONDS=0 TEMPER_FUZZ_INPUTS=${TEMPER_FUZZ_INPUTS:-5000}  # the same inputs on every machine
passed=0
failed=0
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $*" >&2; fi; }
count python3 "$root/tools/check_layers.py"
count python3 "$root/tools/operator_table.py" --dump "$build/tests/operator_dump" --check
count python3 "$root/tools/pass_table.py" --check
python3 "$root/tools/check_sizes.py"
for test in "$build"/tests/*_test; do count "$test" --gtest_brief=1; done
count "$root/tools/embed_test.sh" "$build"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
