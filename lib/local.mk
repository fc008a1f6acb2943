# SPDX-License-Identifier: MIT

# All objects of the library. The unit suites link this one, so that they reach internal functions;
# the library proper is linked from it with the symbols that lib/liblariat.map names.
noinst_LTLIBRARIES += lib/liblariat_core.la

library_sources = \
	lib/annotate.h \
	lib/bh.c \
	lib/bh.h \
	lib/bh_pool.c \
	lib/bh_pool.h \
	lib/clock.c \
	lib/clock.h \
	lib/completion.h \
	lib/config.c \
	lib/config.h \
	lib/cpu.h \
	lib/cpu_list.c \
	lib/cpu_list.h \
	lib/cpu_share.c \
	lib/cpu_share.h \
	lib/embed.c \
	lib/errmsg.c \
	lib/errmsg.h \
	lib/explain.c \
	lib/fatal.c \
	lib/fatal.h \
	lib/file.c \
	lib/file.h \
	lib/file_io.c \
	lib/file_probe.c \
	lib/fork.c \
	lib/fork.h \
	lib/group.c \
	lib/handler.c \
	lib/handler.h \
	lib/histogram.c \
	lib/info.c \
	lib/info.h \
	lib/hook.c \
	lib/hook.h \
	lib/iothread.c \
	lib/iothread.h \
	lib/iothread_config.c \
	lib/keyval.c \
	lib/keyval.h \
	lib/loop.c \
	lib/loop.h \
	lib/loop_life.c \
	lib/notify.c \
	lib/notify.h \
	lib/numa.c \
	lib/numa.h \
	lib/op.c \
	lib/op.h \
	lib/op_calls.c \
	lib/op_full.c \
	lib/options.h \
	lib/poll.c \
	lib/poll.h \
	lib/poll_auto.c \
	lib/poll_auto.h \
	lib/poll_params.c \
	lib/poller.c \
	lib/poller.h \
	lib/property.c \
	lib/property.h \
	lib/registry.c \
	lib/registry.h \
	lib/ring.c \
	lib/ring.h \
	lib/seam.h \
	lib/seam_ring.h \
	lib/stats.c \
	lib/stats.h \
	lib/stop.c \
	lib/timer.c \
	lib/timer.h \
	lib/uring_compat.h \
	lib/wait_auto.c \
	lib/wait_auto.h \
	lib/wait_batch.c \
	lib/wait_batch.h \
	lib/watch.c \
	lib/watch.h \
	$(NULL)
lib_liblariat_core_la_SOURCES = $(library_sources)
lib_liblariat_core_la_CPPFLAGS = $(private_cppflags) $(LIBURING_CFLAGS)
lib_liblariat_core_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

# The same with the seam open (lib/seam.h), for the tests that answer in the kernel's place.
check_LTLIBRARIES += lib/liblariat_seam.la

lib_liblariat_seam_la_SOURCES = $(library_sources)
lib_liblariat_seam_la_CPPFLAGS = $(private_cppflags) $(LIBURING_CFLAGS) -DLARIAT_SEAM
lib_liblariat_seam_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

lib_LTLIBRARIES += lib/liblariat.la

lib_liblariat_la_SOURCES =
lib_liblariat_la_LIBADD = lib/liblariat_core.la $(LIBURING_LIBS)
lib_liblariat_la_LDFLAGS = \
	$(AM_LDFLAGS) \
	-version-info $(LARIAT_LT_VERSION) \
	-Wl,--version-script=$(top_srcdir)/lib/liblariat.map \
	-Wl,-z,now \
	-Wl,-z,relro \
	-Wl,-z,nodelete \
	$(NO_UNDEFINED_LDFLAGS) \
	$(NULL)
EXTRA_lib_liblariat_la_DEPENDENCIES = lib/liblariat.map

EXTRA_DIST += lib/liblariat.map
