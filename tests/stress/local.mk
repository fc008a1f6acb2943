# SPDX-License-Identifier: MIT
# libcheck programs as in tests/unit, tests/stress/stress_NAME.c; kept short by default.

stress_tests += \
	tests/stress/stress_bh \
	tests/stress/stress_handlers \
	tests/stress/stress_lifecycle \
	tests/stress/stress_ops \
	tests/stress/stress_pollers \
	tests/stress/stress_races \
	$(NULL)
