#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make check-options: tests/options/run.sh [OPTION...]
#
# Is there for each documented option of lariat-bench a test that fails if the option does nothing? In a copy of the sources, which
# is built once with deaf.patch, the scripts that name an option run with it made deaf, until one of them fails. Two at a time.
# OPTIONs: only these.
#
# Ends with "N passed, N failed, N skipped", where passed is noticed. Says which options nobody noticed.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
srcdir=$(cd "${LARIAT_SRCDIR:-$here/../..}" && pwd)
n_workers=2

die()
{
    echo "options: $*" >&2
    exit 1
}

[ ! -e "$srcdir/config.status" ] || die "$srcdir is configured in place; run 'make distclean' there first"
work=$(mktemp -d "${TMPDIR:-/var/tmp}/lariat-options.XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir "$work/src" "$work/build"
tar -C "$srcdir" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/src" -xf -
patch --directory="$work/src" --strip=1 --fuzz=0 --force --silent <"$here/deaf.patch" || die "deaf.patch does not apply"
(cd "$work/build" && ../src/configure >/dev/null && make -s -j "$(nproc)" all >"$work/log" 2>&1) ||
    die "the build failed: $(tail -n 20 "$work/log" 2>/dev/null)"
export LARIAT_SRCDIR=$work/src LARIAT_BUILDDIR=$work/build TMPDIR=$work
lariat_bench=$work/build/bench/lariat-bench

# Without those that say themselves that they change nothing; those that only take memory, which nobody sees; and --cmdhelp, by
# which they are told.
built_options()
{
    "$lariat_bench" --cmdhelp | grep -vE '^(cmdhelp|io_submit_mode|log_entries|thread) ' |
        awk -F ' *: ' '$2 != "ignored" && $2 != "not supported" && $2 != "not built yet" { print $1 }'
}

# Those that name the option, by one of its names, with '-' or '_'; what names most options comes last, as it takes longest.
scripts_for() # OPTION
{
    local names
    names=$1$("$lariat_bench" --cmdhelp="$1" | sed -n 's/^ *alias: */|/p' | tr -d '\n')
    names=${names//_/[-_]}
    grep -lE "(^|[^[:alnum:]_])($names)([^[:alnum:]_]|$)" "$work/src"/tests/sh/bench-*.sh | grep -v -e bench-functions -e bench-manual || true
}

# Without the options that are deaf, each script must pass here: one that fails anyway notices nothing.
healthy()
{
    local script
    for script in "$work/src"/tests/sh/bench-*.sh; do
        [[ $script != *-functions.sh ]] || continue
        timeout 300 bash "$script" >"$work/log" 2>&1 && continue
        [ $? != 77 ] || continue
        echo "${script##*/} fails on its own: $(tail -n 3 "$work/log")"
        rm "$script"
    done
}

notice() # OPTION
{
    local script
    for script in $(scripts_for "$1"); do
        LARIAT_BENCH_DEAF=$1 timeout 300 bash "$script" >/dev/null 2>&1 && continue
        [ $? != 77 ] || continue
        echo "noticed: $1 by ${script##*/}"
        return
    done
    echo "nobody noticed: $1"
}
export -f notice scripts_for
export work lariat_bench

healthy
options=("$@")
[ ${#options[@]} -gt 0 ] || mapfile -t options < <(built_options)
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "${options[@]}" | xargs -P "$n_workers" -I{} bash -c 'notice "$1"' notice {} | tee "$work/results"
n_noticed=$(grep -c '^noticed' "$work/results") || true
n_unnoticed=$(grep -c '^nobody' "$work/results") || true
echo "$n_noticed passed, $n_unnoticed failed, 0 skipped"
[ "$n_unnoticed" = 0 ] && [ "$n_noticed" -gt 0 ]
