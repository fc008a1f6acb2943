# SPDX-License-Identifier: MIT
# Fuzzing takes its time (FUZZ_SECONDS for each target) and has a target of make of its own; make check replays what was kept
# (tests/sim/corpus.sh has the simulator's).

check-fuzz: all
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) $(BASH_SHELL) $(top_srcdir)/tests/fuzz/run.sh

.PHONY: check-fuzz

if HAVE_JANSSON
check_PROGRAMS += tests/fuzz/fuzz_monitor
TESTS += tests/fuzz/monitor.sh
endif
tests_fuzz_fuzz_monitor_SOURCES = tests/fuzz/fuzz_monitor.c tests/fuzz/fuzz_main.c
tests_fuzz_fuzz_monitor_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_monitor_LDADD = \
	lib/monitor/liblariat_monitor_core.la \
	lib/liblariat_core.la \
	$(LIBURING_LIBS) \
	$(JANSSON_LIBS) \
	$(NULL)

check_PROGRAMS += tests/fuzz/fuzz_options
TESTS += tests/fuzz/options.sh
tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz_options.c tests/fuzz/fuzz_main.c
tests_fuzz_fuzz_options_CPPFLAGS = $(bench_test_cppflags)
tests_fuzz_fuzz_options_LDADD = bench/libparts.la lib/liblariat.la $(ISAL_LIBS) -lm

check_PROGRAMS += tests/fuzz/fuzz_nbd
TESTS += tests/fuzz/nbd.sh
tests_fuzz_fuzz_nbd_SOURCES = tests/fuzz/fuzz_nbd.c tests/fuzz/fuzz_main.c
tests_fuzz_fuzz_nbd_CPPFLAGS = $(nbd_test_cppflags)
tests_fuzz_fuzz_nbd_LDADD = tools/nbd/libparts.la lib/liblariat.la

EXTRA_DIST += \
	tests/fuzz/corpus-monitor \
	tests/fuzz/corpus-nbd \
	tests/fuzz/corpus-options \
	tests/fuzz/fuzz_sim.c \
	tests/fuzz/monitor.dict \
	tests/fuzz/monitor.sh \
	tests/fuzz/nbd.dict \
	tests/fuzz/nbd.sh \
	tests/fuzz/options.dict \
	tests/fuzz/options.sh \
	tests/fuzz/run.sh \
	$(NULL)
