# SPDX-License-Identifier: MIT
# Two kinds. Count-down injection: the Nth malloc, descriptor, ring call or thread fails, see inject.h and countdown.h.
if HAVE_CHECK
check_LTLIBRARIES += tests/fault/libinject.la
endif
tests_fault_libinject_la_SOURCES = \
	tests/fault/countdown.c \
	tests/fault/countdown.h \
	tests/fault/inject.c \
	tests/fault/inject.h \
	tests/fault/inject_libc.c \
	$(NULL)
tests_fault_libinject_la_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(top_srcdir)/tests/seam $(LIBURING_CFLAGS)

INJECT_LDADD = tests/fault/libinject.la $(SEAM_LDADD)
inject_link_flags = \
	$(AM_LDFLAGS) \
	-Wl,--wrap=__asprintf_chk \
	-Wl,--wrap=__vasprintf_chk \
	-Wl,--wrap=aligned_alloc \
	-Wl,--wrap=asprintf \
	-Wl,--wrap=calloc \
	-Wl,--wrap=fopen \
	-Wl,--wrap=free \
	-Wl,--wrap=malloc \
	-Wl,--wrap=mmap \
	-Wl,--wrap=munmap \
	-Wl,--wrap=open \
	-Wl,--wrap=posix_memalign \
	-Wl,--wrap=pthread_atfork \
	-Wl,--wrap=pthread_create \
	-Wl,--wrap=pthread_join \
	-Wl,--wrap=pthread_key_create \
	-Wl,--wrap=pthread_setaffinity_np \
	-Wl,--wrap=pthread_setspecific \
	-Wl,--wrap=realloc \
	-Wl,--wrap=strdup \
	-Wl,--wrap=strndup \
	-Wl,--wrap=vasprintf \
	$(NULL)

unit_tests += \
	tests/fault/test_countdown_calls \
	tests/fault/test_countdown_close \
	tests/fault/test_countdown_file \
	tests/fault/test_countdown_manage \
	tests/fault/test_countdown_new \
	tests/fault/test_countdown_ops \
	tests/fault/test_countdown_thread \
	$(NULL)
tests_fault_test_countdown_calls_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_calls_LDFLAGS = $(inject_link_flags)
tests_fault_test_countdown_thread_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_thread_LDFLAGS = $(inject_link_flags)
tests_fault_test_countdown_ops_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_ops_LDFLAGS = $(inject_link_flags)
tests_fault_test_countdown_close_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_close_LDFLAGS = $(inject_link_flags)
tests_fault_test_countdown_file_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_file_LDFLAGS = $(inject_link_flags) -Wl,--wrap=fstat -Wl,--wrap=ioctl
tests_fault_test_countdown_manage_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_manage_LDFLAGS = $(inject_link_flags)
tests_fault_test_countdown_new_LDADD = $(INJECT_LDADD)
tests_fault_test_countdown_new_LDFLAGS = $(inject_link_flags)

# Real faults: strace makes system calls of a small program fail. It is linked with the objects
# themselves, because libtool would make a wrapper script of a program linked with liblariat.la.

check_PROGRAMS += tests/fault/loop_once
tests_fault_loop_once_SOURCES = tests/fault/loop_once.c tests/fault/fault_support.h
tests_fault_loop_once_LDADD = lib/liblariat_core.la $(LIBURING_LIBS)

check_PROGRAMS += tests/fault/register_once
tests_fault_register_once_SOURCES = tests/fault/register_once.c tests/fault/fault_support.h
tests_fault_register_once_LDADD = lib/liblariat_core.la $(LIBURING_LIBS)

# I/O on a file, as the command line says.
check_PROGRAMS += tests/fault/file_ops
tests_fault_file_ops_SOURCES = tests/fault/file_ops.c tests/fault/fault_support.h
tests_fault_file_ops_LDADD = lib/liblariat_core.la $(LIBURING_LIBS)

# A file system that fails.
check_PROGRAMS += tests/fault/faulty_fs
tests_fault_faulty_fs_SOURCES = tests/fault/faulty_fs.c
tests_fault_faulty_fs_LDADD =

fault_sh_tests = \
	tests/sh/faults-device.sh \
	tests/sh/faults-dm.sh \
	tests/sh/faults-enter.sh \
	tests/sh/faults-errors.sh \
	tests/sh/faults-full.sh \
	tests/sh/faults-limit.sh \
	tests/sh/faults-readonly.sh \
	tests/sh/faults-register.sh \
	tests/sh/faults-setup.sh \
	tests/sh/faults-sysctl.sh \
	$(NULL)
TESTS += $(fault_sh_tests)

EXTRA_DIST += $(fault_sh_tests) tests/sh/faults-functions.sh tests/sh/file-functions.sh
