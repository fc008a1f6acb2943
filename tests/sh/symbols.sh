# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a shared library exports, what its map names and what its headers declare with LARIAT_API are the same set, and every
# name in it begins with lariat_. For liblariat, and those beside it that configure had built.
set -euo pipefail
export LC_ALL=C

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

read -ra nm <<<"${NM:-nm}"
status=0

fail() # message
{
    echo "FAIL: $library: $*"
    status=1
}

compare() # a b
{
    diff -u --label "$1" --label "$2" "$dir/$1" "$dir/$2" || fail "$1 and $2 do not name the same functions"
}

declared() # header...
{
    local header
    for header in "$@"; do
        perl -0777 -ne '
            s{/\*.*?\*/}{}gs;                          # comments
            s{^[ \t]*\#(?:.*\\\n)*.*$}{}gm;            # preprocessor lines
            while (/\bLARIAT_API\b([^;{]*)/g) {
                my ($name) = $1 =~ /\b(\w+)\s*\(/ or die "no name in: $1";
                print "$name\n";
            }' "$srcdir/include/lariat/$header"
    done | sort
}

check_library() # library folder header...
{
    library=$1
    # The version nodes themselves are absolute symbols (type A).
    "${nm[@]}" -D --defined-only "$builddir/$2/.libs/$library.so" |
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$dir/library"
    sed -n 's/^ *\([A-Za-z_][A-Za-z_0-9]*\);.*/\1/p' "$srcdir/$2/$library.map" | sort >"$dir/map"
    declared "${@:3}" >"$dir/headers"
    compare headers map
    compare map library
    ! grep -v '^lariat_' "$dir/library" || fail "exports names without the prefix lariat_"
    [ -s "$dir/library" ] || fail "exports nothing"
    echo "$library: $(wc -l <"$dir/library") functions"
}

core=()
for header in "$srcdir"/include/lariat/*.h; do
    # These belong to libraries of their own.
    case ${header##*/} in glib.h | monitor.h) continue ;; esac
    core+=("${header##*/}")
done
check_library liblariat lib "${core[@]}"
for name in glib monitor; do
    [ ! -e "$builddir/lib/$name/liblariat-$name.la" ] || check_library "liblariat-$name" "lib/$name" "$name.h"
done
exit $status
