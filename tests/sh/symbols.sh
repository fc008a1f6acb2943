# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the shared library exports, what lib/liblariat.map names and what the headers declare with
# LARIAT_API are the same set, and every name in it begins with lariat_.
set -euo pipefail
export LC_ALL=C

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

read -ra nm <<<"${NM:-nm}"
# The version nodes themselves are absolute symbols (type A).
"${nm[@]}" -D --defined-only "$builddir/lib/.libs/liblariat.so" |
    awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$dir/library"

sed -n 's/^ *\([A-Za-z_][A-Za-z_0-9]*\);.*/\1/p' "$srcdir/lib/liblariat.map" | sort >"$dir/map"

# glib.h and monitor.h belong to libraries of their own.
for header in "$srcdir"/include/lariat/*.h; do
    case ${header##*/} in glib.h | monitor.h) continue ;; esac
    perl -0777 -ne '
        s{/\*.*?\*/}{}gs;                          # comments
        s{^[ \t]*\#(?:.*\\\n)*.*$}{}gm;            # preprocessor lines
        while (/\bLARIAT_API\b([^;{]*)/g) {
            my ($name) = $1 =~ /\b(\w+)\s*\(/ or die "no name in: $1";
            print "$name\n";
        }' "$header"
done | sort >"$dir/headers"

status=0
compare() # a b
{
    if ! diff -u --label "$1" --label "$2" "$dir/$1" "$dir/$2"; then
        echo "FAIL: $1 and $2 do not name the same functions"
        status=1
    fi
}
compare headers map
compare map library

if grep -v '^lariat_' "$dir/library"; then
    echo "FAIL: the library exports names without the prefix lariat_"
    status=1
fi
if [ ! -s "$dir/library" ]; then
    echo "FAIL: the library exports nothing"
    status=1
fi
echo "$(wc -l <"$dir/library") functions"
exit $status
