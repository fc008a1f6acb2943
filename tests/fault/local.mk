# SPDX-License-Identifier: MIT
# Real faults: strace makes system calls of a small program fail. It is linked with the objects
# themselves, because libtool would make a wrapper script of a program linked with liblariat.la.

check_PROGRAMS += tests/fault/loop_once
tests_fault_loop_once_SOURCES = tests/fault/loop_once.c
tests_fault_loop_once_LDADD = lib/liblariat_core.la $(LIBURING_LIBS)

fault_sh_tests = \
	tests/sh/faults-enter.sh \
	tests/sh/faults-setup.sh \
	$(NULL)
TESTS += $(fault_sh_tests)

EXTRA_DIST += $(fault_sh_tests) tests/sh/faults-functions.sh
