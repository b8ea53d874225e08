#!/bin/bash
# Installs the build, then builds and runs examples/embed against what was installed.
# usage: embed_test.sh BUILD
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/installed" >/dev/null
cmake -S "$root/examples/embed" -B "$work/embed" -DCMAKE_PREFIX_PATH="$work/installed" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$work/embed" >/dev/null
"$work/embed/run_model" "$root/models/centernet/centernet.pb" "$work/centernet.plan"
"$work/embed/run_plan" "$work/centernet.plan"
"$work/installed/bin/temper" --version
if ldd "$work/installed/lib"*/*/libtemper_runtime.so 2>/dev/null | grep -i protobuf || ldd "$work/installed/lib"/libtemper_runtime.so 2>/dev/null | grep -i protobuf; then
  echo "the library that runs plans needs protobuf" >&2
  exit 1
fi
flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$work/installed" -name temper_runtime.pc)") pkg-config --cflags --libs temper_runtime)
# shellcheck disable=SC2086  # flags are words
cc "$root/examples/embed/run_plan.c" $flags -o "$work/by_pkg_config"
LD_LIBRARY_PATH=$(dirname "$(find "$work/installed" -name libtemper_runtime.so)") "$work/by_pkg_config" "$work/centernet.plan" >/dev/null
find "$work/installed" -name 'libtemper*.so.*.*' -printf '%f %s bytes\n'
