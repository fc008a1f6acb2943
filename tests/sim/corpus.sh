#!/bin/bash
# SPDX-License-Identifier: MIT
# Replays the corpus: what libFuzzer found worth keeping, and each run that once failed (named so).
set -euo pipefail
exec "${LARIAT_BUILDDIR:?}/tests/sim/sim" "${LARIAT_SRCDIR:?}"/tests/sim/corpus/*
