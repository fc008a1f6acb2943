# SPDX-License-Identifier: MIT
# lariat-nbd stands for a user's program: it sees the installed headers only.

# What needs no socket, and is looked at by the unit suites and the fuzzer part by part.
nbd_parts = \
	bench/units.c \
	bench/units.h \
	tools/ctl/nearest.c \
	tools/ctl/nearest.h \
	tools/nbd/arg_table.c \
	tools/nbd/args.c \
	tools/nbd/args.h \
	tools/nbd/buffer_pool.c \
	tools/nbd/buffer_pool.h \
	tools/nbd/bytes.c \
	tools/nbd/bytes.h \
	tools/nbd/export.c \
	tools/nbd/export.h \
	tools/nbd/export_set.c \
	tools/nbd/export_set.h \
	tools/nbd/export_spec.c \
	tools/nbd/export_spec.h \
	tools/nbd/extents.c \
	tools/nbd/extents.h \
	tools/nbd/handshake.c \
	tools/nbd/handshake.h \
	tools/nbd/handshake_reply.c \
	tools/nbd/handshake_reply.h \
	tools/nbd/help.c \
	tools/nbd/message.c \
	tools/nbd/message.h \
	tools/nbd/protocol.h \
	tools/nbd/range_lock.c \
	tools/nbd/range_lock.h \
	tools/nbd/reply.c \
	tools/nbd/reply.h \
	tools/nbd/request.c \
	tools/nbd/request.h \
	tools/nbd/wire.h \
	$(NULL)

nbd_cppflags = $(public_cppflags) -iquote $(top_srcdir)/tools/ctl -iquote $(top_srcdir)/bench
nbd_monitor_lib =
if HAVE_JANSSON
nbd_cppflags += -DNBD_HAVE_MONITOR
nbd_monitor_lib += lib/monitor/liblariat-monitor.la
endif

bin_PROGRAMS += tools/nbd/lariat-nbd
dist_bashcompletion_DATA += tools/completion/lariat-nbd
tools_nbd_lariat_nbd_SOURCES = \
	$(nbd_parts) \
	tools/nbd/conn.c \
	tools/nbd/conn.h \
	tools/nbd/conn_rx.c \
	tools/nbd/conn_rx.h \
	tools/nbd/conn_tls.c \
	tools/nbd/conn_tls.h \
	tools/nbd/conn_tx.c \
	tools/nbd/conn_tx.h \
	tools/nbd/listen.c \
	tools/nbd/listen.h \
	tools/nbd/log.c \
	tools/nbd/log.h \
	tools/nbd/main.c \
	tools/nbd/pid_file.c \
	tools/nbd/pid_file.h \
	tools/nbd/server.c \
	tools/nbd/server.h \
	tools/nbd/storage.c \
	tools/nbd/storage.h \
	tools/nbd/storage_write.c \
	tools/nbd/storage_write.h \
	tools/nbd/tls.h \
	tools/nbd/worker.c \
	tools/nbd/worker.h \
	tools/nbd/worker_set.c \
	tools/nbd/worker_set.h \
	$(NULL)
if HAVE_GNUTLS
tools_nbd_lariat_nbd_SOURCES += tools/nbd/tls_gnutls.c
else
tools_nbd_lariat_nbd_SOURCES += tools/nbd/tls_none.c
endif
tools_nbd_lariat_nbd_CPPFLAGS = $(nbd_cppflags) $(GNUTLS_CFLAGS)
tools_nbd_lariat_nbd_LDADD = $(nbd_monitor_lib) lib/liblariat.la $(GNUTLS_LIBS)

check_LTLIBRARIES += tools/nbd/libparts.la
tools_nbd_libparts_la_SOURCES = $(nbd_parts)
tools_nbd_libparts_la_CPPFLAGS = $(nbd_cppflags)

# tests/unit/local.mk takes them into its list.
nbd_unit_tests = \
	tests/unit/test_nbd_handshake \
	tests/unit/test_nbd_parts \
	tests/unit/test_nbd_loop \
	tests/unit/test_nbd_request \
	$(NULL)
unit_tests += $(nbd_unit_tests)

nbd_test_cppflags = $(public_cppflags) -iquote $(top_srcdir)/tools/nbd -iquote $(top_srcdir)/tests/unit
nbd_test_ldadd = tools/nbd/libparts.la $(LDADD)
tests_unit_test_nbd_handshake_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_handshake_LDADD = $(nbd_test_ldadd)
tests_unit_test_nbd_parts_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_parts_LDADD = $(nbd_test_ldadd)
tests_unit_test_nbd_loop_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_loop_LDADD = $(nbd_test_ldadd)
tests_unit_test_nbd_request_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_request_LDADD = $(nbd_test_ldadd)

# Real runs: with a client of our own, that is also hostile, and with those that people have.
nbd_sh_tests = \
	tests/sh/nbd-device.sh \
	tests/sh/nbd-hostile.sh \
	tests/sh/nbd-interop.sh \
	tests/sh/nbd-life.sh \
	tests/sh/nbd-manual.sh \
	tests/sh/nbd-serve.sh \
	tests/sh/nbd-tls.sh \
	$(NULL)
TESTS += $(nbd_sh_tests)
EXTRA_DIST += \
	$(nbd_sh_tests) \
	tests/sh/nbd-functions.sh \
	tests/sh/nbd_client.py \
	tests/sh/nbd_hostile.py \
	tests/sh/nbd_life.py \
	tests/sh/nbd_serve.py \
	tests/sh/nbd_tls.py \
	$(NULL)
