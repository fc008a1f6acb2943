# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The example in README.md compiles against the build tree without a warning, runs, and says what
# README.md claims.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
read -ra cc <<<"${CC:-cc}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

awk '/^```/ { inside = ($0 == "```c"); next } inside' "$srcdir/README.md" >"$dir/example.c"
[ -s "$dir/example.c" ] || {
    echo "FAIL: README.md has no example"
    exit 1
}

read -ra flags <<<"$(PKG_CONFIG_PATH=$builddir "${PKG_CONFIG:-pkg-config}" --cflags --libs lariat)"
"${cc[@]}" -Wall -Wextra -Werror -o "$dir/example" "$dir/example.c" "${flags[@]}"

cd "$dir"
echo "Lariat" >hello.txt
status=0
output=$(LD_LIBRARY_PATH="$builddir/lib/.libs" ./example hello.txt) || status=$?
if [ $status != 0 ] && ! "$builddir/tests/ring-probe"; then
    exit 77
fi
echo "$output"
if [ $status != 0 ] || [ "$output" != "7 bytes: Lariat" ]; then
    echo "FAIL: the example exited with $status"
    exit 1
fi
