# SPDX-License-Identifier: MIT
# What answers at the library's seam (lib/seam.h) where a test does not: the kernel. Programs that replace some of it are
# linked with SEAM_LDADD in place of LDADD.

if HAVE_CHECK
check_LTLIBRARIES += tests/seam/libseam.la
endif
tests_seam_libseam_la_SOURCES = \
	tests/seam/seam_real.c \
	tests/seam/seam_real.h \
	$(NULL)
tests_seam_libseam_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBURING_CFLAGS)

SEAM_LDADD = \
	$(FLAG_SETS_WRAPS) \
	tests/unit/libsupport.la \
	tests/seam/libseam.la \
	lib/liblariat_seam.la \
	$(LIBURING_LIBS) \
	$(CHECK_LIBS) \
	$(NULL)

seam_tests = \
	tests/seam/test_old_kernel \
	tests/seam/test_seam \
	tests/seam/test_seam_found \
	tests/seam/test_wait_auto \
	tests/seam/test_wait_batch \
	$(NULL)
unit_tests += $(seam_tests)
tests_seam_test_old_kernel_LDADD = $(SEAM_LDADD)
tests_seam_test_seam_LDADD = $(SEAM_LDADD)
tests_seam_test_seam_found_LDADD = $(SEAM_LDADD)
tests_seam_test_wait_auto_LDADD = $(SEAM_LDADD)
tests_seam_test_wait_batch_LDADD = $(SEAM_LDADD)
