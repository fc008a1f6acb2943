# SPDX-License-Identifier: MIT
# The simulator: the library with its seam open, on a fake kernel and a fake clock. Needs no ring.

check_PROGRAMS += tests/sim/sim
TESTS += tests/sim/sim

simulator_sources = \
	tests/sim/choice.c \
	tests/sim/choice.h \
	tests/sim/clock.c \
	tests/sim/clock.h \
	tests/sim/kernel.c \
	tests/sim/kernel.h \
	tests/sim/memory.c \
	tests/sim/memory.h \
	tests/sim/object.c \
	tests/sim/object.h \
	tests/sim/oracle.c \
	tests/sim/oracle.h \
	tests/sim/program.c \
	tests/sim/program.h \
	tests/sim/program_ops.c \
	tests/sim/program_ops.h \
	tests/sim/program_pollers.c \
	tests/sim/program_pollers.h \
	tests/sim/request.c \
	tests/sim/request.h \
	tests/sim/sim.h \
	tests/sim/world.c \
	tests/sim/world.h \
	$(NULL)

tests_sim_sim_SOURCES = $(simulator_sources) tests/sim/main.c tests/seam/seam_real.c
tests_sim_sim_CPPFLAGS = $(private_cppflags) -iquote $(top_srcdir)/tests/sim -iquote $(top_srcdir)/tests/seam $(LIBURING_CFLAGS)
tests_sim_sim_LDADD = lib/liblariat_seam.la $(LIBURING_LIBS)
tests_sim_sim_LDFLAGS = \
	$(AM_LDFLAGS) \
	-Wl,--wrap=malloc \
	-Wl,--wrap=calloc \
	-Wl,--wrap=realloc \
	-Wl,--wrap=aligned_alloc \
	-Wl,--wrap=strdup \
	-Wl,--wrap=free \
	$(NULL)

# What a fuzzer found worth keeping (tests/fuzz/), replayed.
sim_sh_tests = tests/sim/corpus.sh
TESTS += $(sim_sh_tests)

EXTRA_DIST += \
	$(sim_sh_tests) \
	tests/sim/corpus \
	$(NULL)
