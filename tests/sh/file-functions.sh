# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests of file systems and devices that fail. They run tests/fault/file_ops, which see.
#
#   ops MODE PATH STEP...   run it; a STEP is a command and the result that it must have, an extended regular expression:
#                           "write:0:4096 4096". Those without a result ("wait", "sh:...") print nothing. In the end the loop
#                           must be alive, close without an error and leak nothing
#   need_namespace "$@"     go on in a mount namespace of our own, as root or as root of a user namespace; $dir is then a tmpfs
#                           that goes away with the last process, however that ends. real_root=yes or no
#   serve [-w] FOLDER       mount a file system there that fails (tests/fault/faulty_fs); $server is its process. False: cannot
#   direct_works FOLDER     does its file system take O_DIRECT?
#   skip REASON             leave the whole test; skip_part REASON: say that a part was left out

file_ops=${LARIAT_BUILDDIR:?}/tests/fault/file_ops

fail()
{
    echo "FAIL: $*"
    [ -z "${out:-}" ] || echo "  ${out//$'\n'/$'\n'  }"
    exit 1
}

skip()
{
    echo "SKIP: $*"
    exit 77
}

skip_part() { echo "SKIP: $*"; }

need_namespace()
{
    local how=(--mount --propagation private)
    if [ -z "${LARIAT_REAL_ROOT:-}" ]; then
        export LARIAT_REAL_ROOT=yes
        [ "$(id -u)" = 0 ] || LARIAT_REAL_ROOT=no how+=(--user --map-root-user)
        unshare "${how[@]}" true 2>/dev/null || skip "no mount namespace to be had"
        exec unshare "${how[@]}" bash "$0" "$@"
    fi
    # shellcheck disable=SC2034 # for those that source this
    real_root=$LARIAT_REAL_ROOT
    for dir in /media /srv /mnt; do
        [[ ${LARIAT_BUILDDIR}/ == $dir/* || ${LARIAT_SRCDIR:?}/ == $dir/* || ! -d $dir ]] || break
    done
    mount -t tmpfs -o size=64m none "$dir" 2>/dev/null || skip "no tmpfs can be mounted"
}

serve()
{
    local ready
    # shellcheck disable=SC2034 # for those that source this
    exec {served}< <(exec "${LARIAT_BUILDDIR:?}/tests/fault/faulty_fs" "$@" 2>/dev/null) && server=$!
    read -r ready <&"$served" && [ "$ready" = ready ]
}

direct_works()
{
    local probe status=0
    probe=$(mktemp "$1/lariat-direct.XXXXXX")
    dd if=/dev/zero of="$probe" oflag=direct bs=4096 count=1 status=none 2>/dev/null || status=$?
    rm -f "$probe"
    return $status
}

has_line() # REGEX
{
    local line
    for line in "${lines[@]}"; do
        [[ ! $line =~ ^$1$ ]] || return 0
    done
    return 1
}

ops()
{
    local mode=$1 path=$2 step status=0 commands=() wanted=() lines=()
    shift 2
    for step in "$@"; do
        case $step in
            sh:* | wait | shutdown) commands+=("$step") ;;
            *) commands+=("${step%% *}") wanted+=("${step#+}") ;;
        esac
    done
    out=$(timeout -s KILL 30 "$file_ops" "$mode" "$path" "${commands[@]}" 2>&1) || status=$?
    [ $status != 77 ] || skip "no ring to be had"
    [ $status = 0 ] || fail "exit status $status"
    wanted+=("alive" "close 0" "leaked 0 descriptors, 0 threads")
    mapfile -t lines <<<"$out"
    for step in "${wanted[@]}"; do
        has_line "$step" || fail "no line '$step'"
    done
    [ ${#lines[@]} = ${#wanted[@]} ] || fail "not ${#wanted[@]} lines"
}
