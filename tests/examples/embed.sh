# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The programs in examples/ compile against the build tree without a warning, as a user would compile them, and print the file that
# they read. What the machine lacks the library for is left out.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
read -ra cc <<<"${CC:-cc}"
pkg_config=${PKG_CONFIG:-pkg-config}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export PKG_CONFIG_PATH=$builddir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
n_run=0

fail()
{
    echo "FAIL: $*"
    exit 1
}

for ((i = 0; i < 2000; i++)); do echo "line $i of a file of some blocks"; done >"$dir/file"

try() # program, package it needs, what it prints behind the file
{
    local name=$1 flags status=0
    "$pkg_config" --exists "$2" || {
        echo "SKIP: $name: there is no $2"
        return
    }
    read -ra flags <<<"$("$pkg_config" --cflags --libs lariat "$2")"
    "${cc[@]}" -Wall -Wextra -Werror -o "$dir/$name" "$srcdir/examples/$name.c" "${flags[@]}" || fail "$name does not build"
    LD_LIBRARY_PATH="$builddir/lib/.libs:$builddir/lib/glib/.libs" timeout 60 "$dir/$name" "$dir/file" >"$dir/out" || status=$?
    if [ $status = 77 ]; then
        echo "SKIP: $name was built but not run"
        return
    fi
    { cat "$dir/file" && printf '%s' "$3"; } | cmp - "$dir/out" || fail "$name printed something else"
    [ $status = 0 ] || fail "$name exited with $status"
    n_run=$((n_run + 1))
}

try embed-epoll lariat ""
try embed-uv libuv ""
try poller-queue lariat ""
if [ -e "$builddir/lib/glib/.libs/liblariat-glib.so" ]; then
    try embed-glib lariat-glib $'good-bye from io0\n'
else
    echo "SKIP: embed-glib: this build has no liblariat-glib"
fi
echo "$n_run examples"
[ $n_run -gt 0 ] || exit 77
