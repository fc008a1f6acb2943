#!/bin/bash
# SPDX-License-Identifier: MIT
# Replays the inputs that fuzz_nbd found worth keeping, and each that once failed (named was-...).
set -euo pipefail
build=${LARIAT_BUILDDIR:?} top=${LARIAT_SRCDIR:?}
exec "$build/tests/fuzz/fuzz_nbd" "$top"/tests/fuzz/corpus-nbd/*
