# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tools/check, tools/try and .ci/run: from a fresh Debian 12 to a build.
#
#   top                      the source tree
#   setup_packages NAME...   installs what is missing, or says what to install and exits 1
#   setup_build DIR [ARG...] configures DIR (with ARGs, only if needed) and builds it
#   run_check DIR [TESTS]    make check there, or of these tests; ends with the line "N passed, N failed, N skipped"
#   say, die                 messages on stderr
#
# What is there already is left alone, so that the second start is quick.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# shellcheck disable=SC2034 # used by those that source this file
# To build; without one of these nothing works.
packages_to_build=(gcc libc6-dev make autoconf automake libtool pkgconf liburing-dev)
# shellcheck disable=SC2034
# For all of make check and for both benchmark programs.
packages_to_check=(check fio valgrind spin strace g++ perl binutils patch e2fsprogs mount dmsetup tmux jq man-db groff-base
    python3 python3-jsonschema
    libjansson-dev libblkid-dev libisal-dev libxxhash-dev nettle-dev libnuma-dev zlib1g-dev libuv1-dev libev-dev libglib2.0-dev)

# For lariat-nbd: TLS, and clients to try it with (qemu-utils has more).
packages_to_check+=(libnbd-bin libgnutls28-dev)

say() { echo "${0##*/}: $*" >&2; }

die()
{
    say "$@"
    exit 1
}

# Sets n_installed: a tree that was configured before they came has to be configured again.
n_installed=0
setup_packages()
{
    command -v dpkg-query >/dev/null || {
        say "this is not Debian: packages are not looked at, configure tells what is missing"
        return 0
    }
    local name missing=()
    for name in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            as_root=(sudo)
        else
            die "packages are missing; as root run: apt-get install ${missing[*]}"
        fi
    fi
    say "installing ${missing[*]}"
    local log apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
    log=$(mktemp)
    # The lists may be missing or old: they are fetched when the first try fails.
    if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; then
        if ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } \
            >"$log" 2>&1 </dev/null; then
            cat "$log" >&2
            rm -f "$log"
            die "apt-get could not install ${missing[*]}"
        fi
    fi
    rm -f "$log"
    n_installed=${#missing[@]}
}

# Runs a command quietly; shows what it said if it fails.
quietly()
{
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ $status != 0 ]; then
        cat "$log" >&2
        say "failed with status $status: $*"
    elif [ -n "${SETUP_VERBOSE:-}" ]; then
        cat "$log" >&2
    fi
    # A build that goes through shows its warnings.
    [ $status != 0 ] || grep -E '(warning|WARNING):' "$log" >&2 || true
    rm -f "$log"
    return $status
}

setup_build()
{
    local dir=$1 args
    shift
    args="$*"
    [ ! -e "$top/config.status" ] ||
        die "$top is configured in place; run 'make distclean' there first"
    if [ ! -x "$top/configure" ] || [ ! -e "$top/Makefile.in" ]; then
        say "autoreconf"
        (cd "$top" && quietly autoreconf -fi) || return 1
    fi
    mkdir -p "$dir"
    # Later changes of configure.ac and local.mk are seen by make itself.
    if [ "$n_installed" -gt 0 ] || [ ! -e "$dir/Makefile" ] ||
        [ "$(cat "$dir/configured-with" 2>/dev/null)" != "$args" ]; then
        say "configure $args"
        rm -f "$dir/configured-with"
        (cd "$dir" && quietly "$top/configure" "$@") || return 1
        echo "$args" >"$dir/configured-with"
    fi
    say "make"
    quietly make -C "$dir" -j "$(nproc)" all || return 1
}

# Prints the logs of what failed, and the reason of each skip.
show_results() # dir
{
    local trs log name
    while IFS= read -r -d '' trs; do
        log=${trs%.trs}.log
        name=${log#"$1"/}
        name=${name%.log}
        case $(sed -n 's/^:test-result: //p' "$trs") in
            PASS*) ;;
            SKIP*)
                echo "*** SKIPPED as a whole: $name: $(sed -n 's/^SKIP: //p' "$log" | head -n 1)"
                continue
                ;;
            *)
                echo "*** FAILED: $name"
                cat "$log"
                ;;
        esac
        sed -n "s|^SKIP: |*** skipped: $name: |p" "$log"
    done < <(find "$1" -name '*.trs' -print0 | sort -z)
}

# A command and its arguments to run make check under.
run_under=()

# Returns 0, 1, or 77: nothing failed, but this machine refuses io_uring, so that most was skipped.
# What make says goes to DIR/make-check.out.
run_check()
{
    local dir=$1 tests=${2:-} status=0 counts refused=
    find "$dir" -name '*.trs' -delete
    # Twice as many at once as there are CPUs: many tests wait more than they work.
    "${run_under[@]}" make -C "$dir" -k -j "$((2 * $(nproc)))" check ${tests:+"TESTS=$tests"} >"$dir/make-check.out" 2>&1 </dev/null || status=$?
    show_results "$dir"
    counts=$("$top/tools/count-tests" "$dir") || [ $status != 0 ] || status=1
    if [ $status != 0 ] && [[ $counts == *' 0 failed'* ]]; then
        # Not a test, but make itself: something did not build.
        cat "$dir/make-check.out"
        counts=${counts/ 0 failed/ 1 failed}
    fi
    if [ -x "$dir/tests/ring-probe" ] && ! refused=$("$dir/tests/ring-probe" 2>&1); then
        echo "*** This machine refuses io_uring; what needs it was not tested. ${refused#SKIP: }"
        [ $status != 0 ] || status=77
    fi
    echo "$counts"
    case $status in 0 | 77) return $status ;; *) return 1 ;; esac
}
