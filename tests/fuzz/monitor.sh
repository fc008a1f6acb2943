#!/bin/bash
# SPDX-License-Identifier: MIT
# Replays the inputs that fuzz_monitor found worth keeping, and each that once failed (named was-...).
set -euo pipefail
build=${LARIAT_BUILDDIR:?} top=${LARIAT_SRCDIR:?}
"$build/tests/ring-probe" || exit $?
exec "$build/tests/fuzz/fuzz_monitor" "$top"/tests/fuzz/corpus-monitor/*
