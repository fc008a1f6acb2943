# SPDX-License-Identifier: MIT
# lariat-nbd stands for a user's program: it sees the installed headers only.

# What needs no socket, and is looked at by the unit suites and the fuzzer part by part.
nbd_parts = \
	tools/ctl/nearest.c \
	tools/ctl/nearest.h \
	tools/nbd/bytes.c \
	tools/nbd/bytes.h \
	tools/nbd/export.c \
	tools/nbd/export.h \
	tools/nbd/export_set.c \
	tools/nbd/export_set.h \
	tools/nbd/export_spec.c \
	tools/nbd/export_spec.h \
	tools/nbd/handshake.c \
	tools/nbd/handshake.h \
	tools/nbd/handshake_reply.c \
	tools/nbd/handshake_reply.h \
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

check_LTLIBRARIES += tools/nbd/libparts.la
tools_nbd_libparts_la_SOURCES = $(nbd_parts)
tools_nbd_libparts_la_CPPFLAGS = $(public_cppflags) -iquote $(top_srcdir)/tools/ctl

# tests/unit/local.mk takes them into its list.
nbd_unit_tests = \
	tests/unit/test_nbd_handshake \
	tests/unit/test_nbd_ranges \
	tests/unit/test_nbd_request \
	$(NULL)
unit_tests += $(nbd_unit_tests)

nbd_test_cppflags = $(public_cppflags) -iquote $(top_srcdir)/tools/nbd -iquote $(top_srcdir)/tests/unit
nbd_test_ldadd = tools/nbd/libparts.la $(LDADD)
tests_unit_test_nbd_handshake_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_handshake_LDADD = $(nbd_test_ldadd)
tests_unit_test_nbd_ranges_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_ranges_LDADD = $(nbd_test_ldadd)
tests_unit_test_nbd_request_CPPFLAGS = $(nbd_test_cppflags)
tests_unit_test_nbd_request_LDADD = $(nbd_test_ldadd)
