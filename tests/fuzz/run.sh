#!/bin/bash
# SPDX-License-Identifier: MIT
# make check-fuzz: drive the simulator with libFuzzer for FUZZ_SECONDS (60 by default), beginning with the corpus.
#
# Builds library and simulator with clang, AddressSanitizer and UndefinedBehaviorSanitizer, in a directory of its own. What
# makes a run fail is kept and named; `tests/sim/sim -v FILE` replays it. With FUZZ_CORPUS=DIR what is new goes there as well.
set -euo pipefail

top=${LARIAT_SRCDIR:?} build=${LARIAT_BUILDDIR:?}
seconds=${FUZZ_SECONDS:-60}
clang=${FUZZ_CC:-clang}

if ! echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return !p && n; }' |
    "$clang" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null; then
    echo "*** SKIPPED make check-fuzz: no clang with libFuzzer (Debian packages: clang libclang-rt-14-dev)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=("$top"/tests/fuzz/fuzz_sim.c "$top"/tests/seam/seam_real.c "$top"/lib/*.c)
for source in "$top"/tests/sim/*.c; do
    [ "${source##*/}" = main.c ] || sources+=("$source")
done
wraps=(malloc calloc realloc aligned_alloc strdup free)

echo "building with $clang"
# shellcheck disable=SC2046 # words are wanted
"$clang" -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -pthread -w \
    -D_GNU_SOURCE -DLARIAT_SEAM -DHAVE_CONFIG_H -I"$build" -I"$top/include" -I"$build/include" \
    -iquote "$top/lib" -iquote "$top/tests/sim" -iquote "$top/tests/seam" \
    "${wraps[@]/#/-Wl,--wrap=}" "${sources[@]}" $(pkg-config --cflags --libs liburing) -o "$work/fuzz"

corpus=${FUZZ_CORPUS:-$work/corpus}
mkdir -p "$corpus" "$work/corpus"
# ASan looks for leaks only at the end; the oracle counts allocations after each run.
status=0
ASAN_OPTIONS=detect_leaks=0 "$work/fuzz" -max_total_time="$seconds" -max_len=1500 -timeout=20 -close_fd_mask=2 \
    -print_final_stats=1 -artifact_prefix="$build/fuzz-" "$corpus" "$top/tests/sim/corpus" >"$work/log" 2>&1 || status=$?
tail -n 25 "$work/log"
if [ $status != 0 ]; then
    echo "the bytes were kept in $build/fuzz-...; replay them with tests/sim/sim -v FILE"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
echo "1 passed, 0 failed, 0 skipped"
