#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make coverage: LEFT_OUT='TEST...' tests/coverage/run.sh TEST...
#
# Builds the tree for gcov in coverage/ of the build directory, runs make check there (of those TESTs), and tells which
# lines of lib/*.[ch] ran. All builds of the library are merged: what is linked into liblariat, and what is behind the seam.
# Fails if a test fails, if less than 95 % of the lines ran, or if judged.txt and the lines that did not run do not fit each
# other. Needs gcov, which comes with gcc, and awk.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
srcdir=$(cd "${LARIAT_SRCDIR:?}" && pwd)
dir=${LARIAT_BUILDDIR:?}/coverage
gcov=${GCOV:-gcov}
least=95

die()
{
    echo "coverage: $*" >&2
    exit 1
}

command -v "$gcov" >/dev/null || die "$gcov was not found; it comes with gcc, and GCOV= names another"
[ ! -e "$srcdir/config.status" ] || die "$srcdir is configured in place; run 'make distclean' there first"

# Counters are atomic, because several threads would lose counts; one file is written by one process at a time anyway.
# Failed tests do not end the run here, so that one sees the lines first.
mkdir -p "$dir"
cd "$dir"
unset MAKEFLAGS MFLAGS MAKELEVEL
[ -e Makefile ] || "$srcdir/configure" CC="${CC:-gcc}" CPPFLAGS=-DLARIAT_COVERAGE \
    CFLAGS='-O0 -g --coverage -fprofile-update=atomic' >configure.out 2>&1 || {
    cat configure.out
    die "configure failed in $dir"
}
"${MAKE:-make}" -j "$(nproc)" all >make.out 2>&1 || {
    tail -n 40 make.out
    die "the build failed in $dir"
}
find . -name '*.gcda' -delete

tests=()
for test in "$@"; do
    [[ " ${LEFT_OUT:-} " == *" $test "* ]] || tests+=("$test")
done
status=0
find . -name '*.trs' -delete
"${MAKE:-make}" -j "$(nproc)" -k check TESTS="${tests[*]}" >make-check.out 2>&1 </dev/null || status=$?
grep -E '^(FAIL|ERROR|SKIP): ' make-check.out || true
"$BASH" "$srcdir/tools/count-tests" . || status=1

# One row per line and object that gcov knows: file, number, count, text. "-" is no code, "#####" and "=====" did not run.
find lib -name '*.gcno' -print0 | sort -z | xargs -0 "$gcov" -t 2>gcov.err | awk -v lib="$srcdir/lib/" '
    /^ *-: *0:Source:/ {
        file = substr($0, index($0, "Source:") + 7)
        ours = index(file, lib) == 1 && file ~ /\.[ch]$/
        file = "lib/" substr(file, length(lib) + 1)
        next
    }
    ours && /^ *[0-9#=]+\*?: *[0-9]+:/ {
        count = $0
        sub(/:.*/, "", count)
        text = $0
        sub(/^[^:]*:/, "", text)
        number = text + 0
        sub(/^[^:]*:[ \t]*/, "", text)
        print file "\t" number "\t" (count ~ /[#=]/ ? 0 : 1) "\t" text
    }' >lines.tsv
[ -s lines.tsv ] || die "$gcov told of no line of $srcdir/lib (see $dir/gcov.err)"

awk -v least=$least -v srcdir="$srcdir" -v judged="$here/judged.txt" -f "$here/report.awk" lines.tsv || status=1
exit $status
