#!/bin/bash
# SPDX-License-Identifier: MIT
# make check-fuzz: drive each target (FUZZ_TARGETS, "sim monitor options nbd" by default) with libFuzzer for
# FUZZ_SECONDS (60 by default), beginning with its corpus.
#
# Builds library and target with clang, AddressSanitizer and UndefinedBehaviorSanitizer, in a directory of its own. What makes
# a run fail is kept and named; `tests/sim/sim -v FILE` or `tests/fuzz/fuzz_TARGET FILE` replays it. With FUZZ_CORPUS=DIR what
# is new goes to DIR/TARGET as well.
set -euo pipefail

top=${LARIAT_SRCDIR:?} build=${LARIAT_BUILDDIR:?}
seconds=${FUZZ_SECONDS:-60}
clang=${FUZZ_CC:-clang}
read -ra targets <<<"${FUZZ_TARGETS:-sim monitor options nbd}"

if ! echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return !p && n; }' |
    "$clang" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null; then
    echo "*** SKIPPED make check-fuzz: no clang with libFuzzer (Debian packages: clang libclang-rt-14-dev)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# first: where headers are looked for before lib/, which has an options.h too
first=
compile() # argument...
{
    "$clang" -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -pthread -w \
        -D_GNU_SOURCE -DHAVE_CONFIG_H -I"$build" -I"$top/include" -I"$build/include" ${first:+-iquote "$first"} \
        -iquote "$top/lib" "$@"
}

build_sim()
{
    local sources=("$top"/tests/fuzz/fuzz_sim.c "$top"/tests/seam/seam_real.c "$top"/lib/*.c) source
    for source in "$top"/tests/sim/*.c; do
        [ "${source##*/}" = main.c ] || sources+=("$source")
    done
    local wraps=(malloc calloc realloc aligned_alloc strdup free)
    # shellcheck disable=SC2046 # words are wanted
    compile -DLARIAT_SEAM -iquote "$top/tests/sim" -iquote "$top/tests/seam" "${wraps[@]/#/-Wl,--wrap=}" "${sources[@]}" \
        $(pkg-config --cflags --libs liburing) -o "$work/sim"
}

build_monitor()
{
    # shellcheck disable=SC2046 # words are wanted
    compile "$top"/tests/fuzz/fuzz_monitor.c "$top"/lib/*.c "$top"/lib/monitor/*.c \
        $(pkg-config --cflags --libs liburing jansson) -o "$work/monitor"
}

build_options()
{
    local sources=("$top"/lib/*.c "$top"/tools/ctl/nearest.c "$top"/bench/{cpulist,engine_options,jobfile,numa_policy,showcmd,substitute}.c)
    sources+=("$top"/bench/{option,units,values}*.c)
    # shellcheck disable=SC2046 # words are wanted
    first=$top/bench compile "$top"/tests/fuzz/fuzz_options.c "${sources[@]}" $(pkg-config --cflags --libs liburing) \
        -o "$work/options"
}

build_nbd()
{
    local parts=(bytes export export_set export_spec handshake handshake_reply message range_lock reply request)
    parts=("${parts[@]/#/$top/tools/nbd/}")
    # shellcheck disable=SC2046 # words are wanted
    first=$top/tools/nbd compile "$top"/tests/fuzz/fuzz_nbd.c "${parts[@]/%/.c}" "$top"/tools/ctl/nearest.c -iquote "$top/tools/ctl" \
        "$top"/lib/*.c $(pkg-config --cflags --libs liburing) -o "$work/nbd"
}

# ASan looks for leaks only at the end of the process; the simulator's oracle counts allocations after each run itself.
fuzz() # target corpus option...
{
    local target=$1 corpus=${FUZZ_CORPUS:-$work/corpus}/$1
    mkdir -p "$corpus"
    "$work/$target" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$build/fuzz-$target-" "${@:3}" "$corpus" "$2" >"$work/log" 2>&1
}

passed=0 failed=0 skipped=0
for target in "${targets[@]}"; do
    if [ "$target" = monitor ] && ! pkg-config --exists jansson; then
        echo "SKIP: no jansson for fuzzing the control socket"
        skipped=$((skipped + 1))
        continue
    fi
    echo "building $target with $clang"
    "build_$target"
    status=0
    case $target in
        sim) ASAN_OPTIONS=detect_leaks=0 fuzz sim "$top/tests/sim/corpus" -max_len=1500 -close_fd_mask=2 || status=$? ;;
        monitor) fuzz monitor "$top/tests/fuzz/corpus-monitor" -max_len=2000 -dict="$top/tests/fuzz/monitor.dict" || status=$? ;;
        nbd) fuzz nbd "$top/tests/fuzz/corpus-nbd" -max_len=1000 -dict="$top/tests/fuzz/nbd.dict" || status=$? ;;
        options) fuzz options "$top/tests/fuzz/corpus-options" -max_len=1000 -dict="$top/tests/fuzz/options.dict" || status=$? ;;
    esac
    tail -n 25 "$work/log"
    if [ $status = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "the bytes were kept in $build/fuzz-$target-...; replay them with tests/sim/sim -v FILE or tests/fuzz/fuzz_$target FILE"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
