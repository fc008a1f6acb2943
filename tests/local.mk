# SPDX-License-Identifier: MIT
# make check runs, by automake's parallel harness: the libcheck suites (tests/unit, tests/stress),
# and shell tests, which exit 77 to say "skipped". Everything in a test's log is counted by
# tools/count-tests, which tells the rules.

# What every libcheck suite is linked with; AM_CPPFLAGS lets it include private headers.
LDADD = \
	$(FLAG_SETS_WRAPS) \
	tests/unit/libsupport.la \
	lib/liblariat_core.la \
	$(LIBURING_LIBS) \
	$(CHECK_LIBS) \
	$(NULL)

valgrind_tests =
include tests/seam/local.mk
include tests/unit/local.mk
include tests/stress/local.mk
include tests/fault/local.mk
include tests/sim/local.mk
include tests/fuzz/local.mk
unit_tests += $(bench_unit_tests)

if HAVE_CHECK
check_LTLIBRARIES += tests/unit/libsupport.la
check_PROGRAMS += $(unit_tests) $(stress_tests)
if HAVE_JANSSON
check_LTLIBRARIES += tests/unit/libmonitor_support.la
endif
TESTS += $(unit_tests) $(stress_tests)
valgrind_tests += $(unit_tests)
else
TESTS += tests/sh/no-libcheck.sh
endif

# Says whether this machine gives us a ring at all, and if not, why.
check_PROGRAMS += tests/ring-probe
tests_ring_probe_SOURCES = tests/ring_probe.c
tests_ring_probe_LDADD = lib/liblariat_core.la $(LIBURING_LIBS)

# It starts tests/ctl-server (tools/ctl/local.mk).
monitor_sh_tests = tests/sh/monitor-qmp.sh
if HAVE_JANSSON
TESTS += $(monitor_sh_tests)
endif

# These look at sources, at the installed files or at a model: a sanitizer adds nothing to them.
plain_sh_tests = \
	tests/compile/headers.sh \
	tests/examples/embed.sh \
	tests/examples/readme.sh \
	tests/model/run.sh \
	tests/sh/countdown-complete.sh \
	tests/sh/dlclose.sh \
	tests/sh/mutants-apply.sh \
	tests/sh/pkgconfig.sh \
	tests/sh/symbols.sh \
	$(NULL)
if !SANITIZED
TESTS += $(plain_sh_tests)
endif

EXTRA_DIST += \
	$(plain_sh_tests) \
	$(monitor_sh_tests) \
	tests/model/notify.pml \
	tests/flag-sets.sh \
	tests/sh/no-libcheck.sh \
	tests/valgrind.sh \
	$(NULL)

# To install them, libtool links liblariat-glib and liblariat-monitor anew in the build's own folder, where they are missing for
# a moment: this one is run when the others have ended.
tests/sh/pkgconfig.log: $(filter-out tests/sh/pkgconfig.log,$(TEST_LOGS))

# One suite may take this long before it is killed (a libcheck test has its own, shorter limit).
TEST_TIME_LIMIT = 300
LOG_COMPILER = timeout
AM_LOG_FLAGS = -k 5 $(TEST_TIME_LIMIT)
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = timeout
AM_SH_LOG_FLAGS = -k 5 $(TEST_TIME_LIMIT) $(BASH_SHELL)

# MALLOC_PERTURB_ fills what malloc gives and what free takes, so that nobody lives on old bytes.
AM_TESTS_ENVIRONMENT = \
	MALLOC_PERTURB_=$${MALLOC_PERTURB_:-173}; export MALLOC_PERTURB_; \
	LARIAT_SRCDIR='$(abs_top_srcdir)'; export LARIAT_SRCDIR; \
	LARIAT_BUILDDIR='$(abs_top_builddir)'; export LARIAT_BUILDDIR; \
	LARIAT_VERSION='$(VERSION)'; export LARIAT_VERSION; \
	CC='$(CC)'; export CC; \
	MAKE='$(MAKE)'; export MAKE; \
	NM='$(NM)'; export NM; \
	PKG_CONFIG='$(PKG_CONFIG)'; export PKG_CONFIG;

if SANITIZED
AM_TESTS_ENVIRONMENT += \
	LARIAT_SANITIZED=yes; export LARIAT_SANITIZED; \
	ASAN_OPTIONS=$${ASAN_OPTIONS:-detect_stack_use_after_return=1}; export ASAN_OPTIONS; \
	UBSAN_OPTIONS=$${UBSAN_OPTIONS:-print_stacktrace=1}; export UBSAN_OPTIONS; \
	TSAN_OPTIONS=$${TSAN_OPTIONS:-second_deadlock_stack=1}; export TSAN_OPTIONS; \
	CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER:-10}; export CK_TIMEOUT_MULTIPLIER;
endif

# The unit suites under memcheck, each in one process, because fork and threads disturb its reports.
check-valgrind: all $(check_PROGRAMS)
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) \
	LEAVE_OUT='$(bench_pure_tests) $(LEAVE_OUT_OF_VALGRIND)' \
	VALGRIND='$(VALGRIND)' $(BASH_SHELL) $(top_srcdir)/tests/valgrind.sh $(valgrind_tests)

# The suites with a ring, under each flag set.
check-flags: all $(check_PROGRAMS)
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) \
	$(BASH_SHELL) $(top_srcdir)/tests/flag-sets.sh $(unit_tests) $(stress_tests)

# Which lines of lib/ the suites run, by a build of its own. The plain ones run none, and want no library full of counters.
coverage:
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) \
	LEFT_OUT='$(plain_sh_tests)' $(BASH_SHELL) $(top_srcdir)/tests/coverage/run.sh $(TESTS)

# Do the suites see the bugs that are planted in tests/mutants? MUTANTS="12 31-bh-list-not-turned": only these.
check-mutants:
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) \
	LEFT_OUT='$(plain_sh_tests)' $(BASH_SHELL) $(top_srcdir)/tests/mutants/run.sh $(TESTS) -- $(MUTANTS)

check-options:
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) $(BASH_SHELL) $(top_srcdir)/tests/options/run.sh $(OPTIONS)

# Suites of the libraries beside the core and of its count-down.
list-slow-in-valgrind:
	@for test in $(valgrind_tests); do \
	    case $$test in *test_glib* | *test_monitor* | *test_ctl* | *test_countdown*) printf '%s ' $$test ;; esac; \
	done

# The suites that are programs, in one line.
list-suites:
	@echo $(unit_tests) $(stress_tests) tests/sim/sim

# As long as SOAK_SECONDS says.
check-soak: all $(check_PROGRAMS)
	$(AM_V_at)$(AM_TESTS_ENVIRONMENT) $(BASH_SHELL) $(top_srcdir)/tests/soak.sh $(stress_tests)

EXTRA_DIST += \
	tests/soak.sh \
	tests/coverage/judged.txt \
	tests/coverage/report.awk \
	tests/coverage/run.sh \
	tests/mutants \
	tests/options \
	$(NULL)

clean-local:
	rm -rf coverage flag-logs valgrind-logs

.PHONY: list-slow-in-valgrind list-suites check-flags check-mutants check-options check-soak check-valgrind coverage
