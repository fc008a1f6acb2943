#!/bin/bash
# SPDX-License-Identifier: MIT
# The bugs kept in tests/mutants still apply to the sources; make check-mutants builds them.
exec bash "${LARIAT_SRCDIR:?}/tests/mutants/run.sh" --dry-run
