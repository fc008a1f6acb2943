# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The man pages: well-formed POD, pages that man shows without a warning, and none of ours referred to that is not there.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail()
{
    echo "FAIL: $*"
    exit 1
}

command -v podchecker >/dev/null || echo "SKIP: podchecker was not found: the PODs are not looked at (Debian package: perl)"
command -v man >/dev/null || echo "SKIP: man was not found: the pages are not looked at (Debian packages: man-db groff-base)"

n=0
for pod in "$srcdir"/doc/*.pod; do
    name=${pod##*/}
    name=${name%.pod}
    n=$((n + 1))
    ! command -v podchecker >/dev/null || podchecker -warnings -warnings "$pod" >"$dir/podchecker" 2>&1 ||
        fail "podchecker: $(cat "$dir/podchecker")"
    ! grep -q WARNING "$dir/podchecker" 2>/dev/null || fail "podchecker: $(cat "$dir/podchecker")"

    page=$(find "$builddir/doc" "$srcdir/doc" -name "$name.[1-8]" 2>/dev/null | head -n 1) || true
    [ -n "$page" ] || {
        echo "SKIP: the page of $name was not built (Debian package: perl)"
        continue
    }
    command -v man >/dev/null || continue
    LC_ALL=C.UTF-8 MANWIDTH=80 man -l --warnings -E UTF-8 "$page" >"$dir/text" 2>"$dir/warnings" </dev/null ||
        fail "man cannot show $page: $(cat "$dir/warnings")"
    [ ! -s "$dir/warnings" ] || fail "$page: $(cat "$dir/warnings")"
    grep -q '^NAME' "$dir/text" || fail "$page has no NAME"
    while read -r other; do
        [ -e "$srcdir/doc/$other.pod" ] || fail "$pod refers to $other, which has no page"
    done < <(grep -o 'B<lariat[a-z-]*>([0-9])' "$pod" | sed 's/B<\(.*\)>.*/\1/' | sort -u)
done
echo "$n pages, and nothing to complain of"
