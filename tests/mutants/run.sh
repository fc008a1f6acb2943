#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make check-mutants: LEFT_OUT='SUITE...' tests/mutants/run.sh SUITE... -- [NAME...]
#                     tests/mutants/run.sh --dry-run
#
# Each patch in this directory plants one bug in lib/. The suites (tests/unit/test_bh, tests/sh/faults-enter.sh, ...) must see
# every one of them. In a copy of the sources, which is built once, each patch is applied and built, the suites run until
# one fails, and the patch is taken back; two patches at a time. NAMEs: only these, as "12" or "12-chain-split".
#
# The head of a patch says what real mistake it stands for (Why:) and which suites are expected to see it (Kills:). These run
# first. Another suite counts only if it fails twice, so that a machine that is slow for a moment kills nothing.
#
# --dry-run only looks whether all patches are in order and apply.
#
# Ends with "N passed, N failed, N skipped", where passed is killed. What survives, does not apply or does not compile failed.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
srcdir=$(cd "${LARIAT_SRCDIR:-$here/../..}" && pwd)
n_workers=2
patience=20 # s that a suite may take beyond five times of what it takes without a bug

die()
{
    echo "mutants: $*" >&2
    exit 1
}

command -v patch >/dev/null || {
    echo "SKIP: patch is not installed"
    exit 77
}

field() # name, patch: the text behind "name:" in the head, which may go on in indented lines
{
    awk -v name="$1:" '
        /^--- / { exit }
        index($0, name) == 1 { on = 1; print substr($0, length(name) + 2); next }
        /^[^ ]/ { on = 0 }
        on { print }' "$2" | xargs
}

# Nothing is written there with --dry-run.
apply() # directory, patch, option...
{
    patch --directory="$1" --strip=1 --fuzz=0 --force --silent --no-backup-if-mismatch --reject-file=- "${@:3}" <"$2"
}

# ---- in order? ----

check_patch() # patch: says what is wrong with it
{
    local suite
    [ -n "$(field Why "$1" 2>/dev/null)" ] || echo "no Why:"
    [ -n "$(field Kills "$1")" ] || echo "no Kills:"
    for suite in $(field Kills "$1"); do
        [ -e "$srcdir/$suite" ] || [ -e "$srcdir/$suite.c" ] || [ "$suite" = tests/sim/sim ] || echo "no suite $suite"
    done
    grep '^--- ' "$1" | grep -v '^--- a/lib/' || true
    apply "$srcdir" "$1" --dry-run 2>&1 || echo "does not apply"
}

dry_run()
{
    local patch wrong n_wrong=0 n=0
    for patch in "$here"/*.patch; do
        n=$((n + 1))
        wrong=$(check_patch "$patch")
        [ -n "$wrong" ] || continue
        echo "FAIL: ${patch##*/}: $wrong"
        n_wrong=$((n_wrong + 1))
    done
    echo "$n patches, $n_wrong of them not in order"
    [ $n_wrong = 0 ] && [ $n -gt 0 ]
}

if [ "${1:-}" = --dry-run ]; then
    dry_run
    exit
fi

# ---- the copy ----

suites=() names=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
        */bench-*.sh | */microbench-*.sh | */test_bench_*) ;; # the library is only used there
        *) [[ " ${LEFT_OUT:-} " == *" $1 "* ]] || suites+=("$1") ;;
    esac
    shift
done
[ $# = 0 ] || shift
[ ${#suites[@]} -gt 0 ] || die "no suites given"
[ ! -e "$srcdir/config.status" ] || die "$srcdir is configured in place; run 'make distclean' there first"

for patch in "$here"/*.patch; do
    name=${patch##*/}
    name=${name%.patch}
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || [[ " $* " == *" ${name%%-*} "* ]] || continue
    names+=("$name")
done
[ ${#names[@]} -gt 0 ] || die "no such patch: $*"

work=$(mktemp -d "${TMPDIR:-/tmp}/lariat-mutants.XXXXXX")
export TMPDIR=$work # for what is left by suites that are killed
set -m # a process group for each worker, so that it can be ended with its suites
# shellcheck disable=SC2317 # the trap calls it
stop_all()
{
    local pid
    for pid in $(jobs -p); do
        kill -- "-$pid" 2>/dev/null || true
    done
    wait || true
    rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# The sources alone, with their times, so that nothing of autoconf's runs again.
mkdir "$work/0"
(cd "$srcdir" && tar cf - --exclude='*.o' --exclude='*.lo' --exclude=.libs aclocal.m4 bench build-aux config.h.in configure \
    configure.ac doc include lariat*.pc.in lib m4 Makefile.am Makefile.in tests tools) |
    tar xf - -C "$work/0"

unset MAKEFLAGS MFLAGS MAKELEVEL
build() # worker, target...
{
    "${MAKE:-make}" -s -C "$work/$1/build" "${@:2}"
}

# Only the static library is needed, by the suites.
mkdir "$work/0/build"
(cd "$work/0/build" && ../configure -q --disable-shared CC="${CC:-gcc}" >../log 2>&1) || {
    cat "$work/0/log"
    die "configure failed"
}

# The simulator, where there is one, is a suite as well.
if grep -q '^tests/sim/sim.*:' "$work/0/build/Makefile" && [[ " ${suites[*]} " != *" tests/sim/sim "* ]]; then
    suites+=(tests/sim/sim)
fi

# Prints what has to be built for a suite, one a line. Those that are scripts run the programs of tests/fault.
programs_of() # suite
{
    # shellcheck disable=SC2016 # it is the text that is looked for
    case $1 in
        tests/fuzz/monitor.sh) printf "%s\n" tests/ring-probe tests/fuzz/fuzz_monitor ;;
        *.sh) sed -n 's|^\(tests/fault/[a-z_]*\)$(EXEEXT):.*|\1|p' "$work/0/build/Makefile" ;;
        *) echo "$1" ;;
    esac
}

# ---- running a suite ----

declare -A usual_s # what a suite takes without a bug

run_suite() # worker, suite: exit status of the suite; 124 or 137 if it had to be ended
{
    local command=("./$2")
    [[ $2 != *.sh ]] || command=("$BASH" "$work/$1/$2")
    (
        ulimit -c 0
        cd "$work/$1/build"
        LARIAT_SRCDIR=$work/$1 LARIAT_BUILDDIR=$work/$1/build MALLOC_PERTURB_=${MALLOC_PERTURB_:-173} CC=${CC:-gcc} \
            timeout -k 5 $((patience + 5 * ${usual_s[$2]:-20})) "${command[@]}"
    ) >"$work/$1/log" 2>&1 </dev/null
}

# Without a bug all must pass; those that cannot run here are left out.
prepare()
{
    local suite status begun programs=() kept=()
    mapfile -t programs < <(for suite in "${suites[@]}"; do programs_of "$suite"; done | sort -u)
    build 0 -j "$n_workers" "${programs[@]}" >"$work/0/log" 2>&1 || {
        tail -n 40 "$work/0/log"
        die "the build failed"
    }
    for suite in "${suites[@]}"; do
        begun=$SECONDS status=0
        run_suite 0 "$suite" || { status=0 && run_suite 0 "$suite" || status=$?; }
        case $status in
            0)
                usual_s[$suite]=$((SECONDS - begun))
                kept+=("$suite")
                ;;
            77)
                echo "*** skipped as a whole: $suite: $(sed -n 's/^SKIP: //p' "$work/0/log" | head -n 1)"
                n_skipped=$((n_skipped + 1))
                ;;
            *)
                cat "$work/0/log"
                die "$suite fails without any bug planted"
                ;;
        esac
    done
    suites=("${kept[@]}")
    for ((worker = 1; worker < n_workers; worker++)); do
        cp -a "$work/0" "$work/$worker"
    done
}

# ---- one bug ----

# Prints what became of it. The patch is applied.
try_suites() # worker, patch
{
    local suite named status programs rest=()
    named=$(field Kills "$2")
    for suite in "${suites[@]}"; do
        [[ " $named " == *" $suite "* ]] || rest+=("$suite")
    done
    for suite in $named "${rest[@]}"; do
        [[ " ${suites[*]} " == *" $suite "* ]] || continue # skipped here
        status=0
        mapfile -t programs < <(programs_of "$suite")
        build "$1" "${programs[@]}" >"$work/$1/log" 2>&1 || {
            grep -m 3 -E 'error|Error' "$work/$1/log" | tr '\n' ' '
            echo "does not compile"
            return 1
        }
        run_suite "$1" "$suite" || status=$?
        if [ $status != 0 ] && [[ " $named " != *" $suite "* ]]; then
            status=0
            run_suite "$1" "$suite" || status=$?
            [ $status = 0 ] || echo -n "(not named) "
        fi
        case $status in
            0) ;;
            124 | 137)
                echo "killed by $suite, which hangs"
                return 0
                ;;
            *)
                echo "killed by $suite"
                return 0
                ;;
        esac
    done
    echo "SURVIVED"
    return 1
}

try_patch() # worker, name
{
    local patch=$here/$2.patch verdict result=passed begun=$SECONDS
    if verdict=$(apply "$work/$1" "$patch" 2>&1); then
        verdict=$(try_suites "$1" "$patch") || result=failed
        apply "$work/$1" "$patch" --reverse >/dev/null
    else
        verdict="does not apply: $verdict" result=failed
    fi
    echo "$result" >>"$work/results"
    printf '%-40s %4d s  %s\n' "$2" $((SECONDS - begun)) "$verdict"
}

# The workers take the next one that nobody has taken.
work_on() # worker
{
    local name
    for name in "${names[@]}"; do
        mkdir "$work/taken-$name" 2>/dev/null || continue
        try_patch "$1" "$name"
    done
}

n_skipped=0
prepare
: >"$work/results"
for ((worker = 0; worker < n_workers; worker++)); do
    work_on "$worker" &
done
wait
n_passed=$(grep -c passed "$work/results") || true
n_failed=$(grep -c failed "$work/results") || true
n_failed=$((n_failed + ${#names[@]} - n_passed - n_failed))
echo "$n_passed passed, $n_failed failed, $n_skipped skipped"
[ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
