# SPDX-License-Identifier: MIT

# What the suites share, those of tests/stress too; the programs are linked with it (see LDADD).
tests_unit_libsupport_la_SOURCES = \
	tests/unit/bh_support.h \
	tests/unit/embed_work.c \
	tests/unit/embed_work.h \
	tests/unit/file_support.h \
	tests/unit/flag_sets.c \
	tests/unit/flag_sets.h \
	tests/unit/iothread_support.h \
	tests/unit/kernel_ring.h \
	tests/unit/op_support.h \
	tests/unit/poller_support.h \
	tests/unit/support.c \
	tests/unit/support.h \
	$(NULL)

# One libcheck program per object, tests/unit/test_NAME.c. A suite that needs more than its one
# file or its own link flags says so below the list, for example
#   tests_unit_test_ring_SOURCES = tests/unit/test_ring.c tests/unit/fake_kernel.c
#   tests_unit_test_ring_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=io_uring_enter2

unit_tests += \
	tests/unit/test_bh \
	tests/unit/test_bh_threads \
	tests/unit/test_config \
	tests/unit/test_embed \
	tests/unit/test_embed_uv \
	tests/unit/test_file \
	tests/unit/test_file_block \
	tests/unit/test_fork \
	tests/unit/test_group \
	tests/unit/test_handler \
	tests/unit/test_handler_faults \
	tests/unit/test_histogram \
	tests/unit/test_hook \
	tests/unit/test_iothread \
	tests/unit/test_iothread_props \
	tests/unit/test_iothread_set_races \
	tests/unit/test_iothread_stop \
	tests/unit/test_iothread_text \
	tests/unit/test_kernel \
	tests/unit/test_kernel_enter \
	tests/unit/test_kernel_io \
	tests/unit/test_keyval \
	tests/unit/test_loop \
	tests/unit/test_loop_close \
	tests/unit/test_loop_misuse \
	tests/unit/test_loop_params \
	tests/unit/test_loop_wait \
	tests/unit/test_loop_wrapped \
	tests/unit/test_notify \
	tests/unit/test_notify_steps \
	tests/unit/test_op \
	tests/unit/test_op_drain \
	tests/unit/test_op_fixed \
	tests/unit/test_op_full \
	tests/unit/test_op_full_steps \
	tests/unit/test_op_life \
	tests/unit/test_op_link \
	tests/unit/test_op_net \
	tests/unit/test_op_stop \
	tests/unit/test_poll \
	tests/unit/test_poll_auto \
	tests/unit/test_poller \
	tests/unit/test_poller_life \
	tests/unit/test_property \
	tests/unit/test_registry \
	tests/unit/test_ring \
	tests/unit/test_ring_refused \
	tests/unit/test_setup \
	tests/unit/test_timer \
	tests/unit/test_timer_order \
	tests/unit/test_tuning \
	tests/unit/test_watch \
	$(NULL)

# Calls of the library that it answers in the kernel's place.
tests_unit_test_loop_wrapped_LDFLAGS = \
	$(AM_LDFLAGS) \
	-Wl,--wrap=aligned_alloc \
	-Wl,--wrap=io_uring_enter2 \
	-Wl,--wrap=mmap \
	$(NULL)

# liblariat-glib, linked with its objects.
if HAVE_GIO
if HAVE_CHECK
check_LTLIBRARIES += tests/unit/libglibsupport.la
endif
unit_tests += \
	tests/unit/test_glib_context \
	tests/unit/test_glib_gio \
	tests/unit/test_glib_polls \
	tests/unit/test_glib_races \
	tests/unit/test_glib_refused \
	tests/unit/test_glib_source \
	$(NULL)
endif
glib_cppflags = $(AM_CPPFLAGS) $(GIO_CFLAGS)
glib_ldadd = tests/unit/libglibsupport.la lib/glib/liblariat_glib_core.la $(LDADD) $(GIO_LIBS)
tests_unit_libglibsupport_la_SOURCES = tests/unit/glib_support.c tests/unit/glib_support.h
tests_unit_libglibsupport_la_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_context_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_context_LDADD = $(glib_ldadd)
tests_unit_test_glib_polls_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_polls_LDADD = $(glib_ldadd)
tests_unit_test_glib_gio_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_gio_LDADD = $(glib_ldadd)
tests_unit_test_glib_races_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_races_LDADD = $(glib_ldadd)
tests_unit_test_glib_refused_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_refused_LDADD = $(glib_ldadd)
tests_unit_test_glib_refused_LDFLAGS = \
	$(AM_LDFLAGS) \
	-Wl,--wrap=lariat_bh_new \
	-Wl,--wrap=lariat_loop_dispatch \
	-Wl,--wrap=lariat_loop_hook_add \
	-Wl,--wrap=lariat_op_cancel \
	-Wl,--wrap=lariat_sqe \
	$(NULL)
tests_unit_test_glib_source_CPPFLAGS = $(glib_cppflags)
tests_unit_test_glib_source_LDADD = $(glib_ldadd)

# Without libuv it says so and skips.
tests_unit_test_embed_uv_CPPFLAGS = $(AM_CPPFLAGS) $(LIBUV_CFLAGS)
tests_unit_test_embed_uv_LDADD = $(LDADD) $(LIBUV_LIBS)

# The control socket, where jansson is; its suites include lib/monitor/'s private headers as "monitor/NAME.h".
if HAVE_JANSSON
unit_tests += \
	tests/unit/test_monitor \
	tests/unit/test_monitor_clients \
	tests/unit/test_monitor_commands \
	tests/unit/test_monitor_events \
	tests/unit/test_monitor_memory \
	tests/unit/test_monitor_splitter \
	$(NULL)
endif

tests_unit_libmonitor_support_la_SOURCES = tests/unit/monitor_support.c tests/unit/monitor_support.h
tests_unit_libmonitor_support_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
monitor_ldadd = tests/unit/libmonitor_support.la lib/monitor/liblariat_monitor_core.la $(LDADD) $(JANSSON_LIBS)
tests_unit_test_monitor_LDADD = $(monitor_ldadd)
tests_unit_test_monitor_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=accept4
tests_unit_test_monitor_clients_LDADD = $(monitor_ldadd)
tests_unit_test_monitor_clients_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_create
tests_unit_test_monitor_commands_LDADD = $(monitor_ldadd)
tests_unit_test_monitor_events_LDADD = $(monitor_ldadd)
tests_unit_test_monitor_splitter_LDADD = $(monitor_ldadd)

# Its allocations fail one after the other.
tests_unit_test_monitor_memory_LDADD = $(monitor_ldadd)
tests_unit_test_monitor_memory_LDFLAGS = \
	$(AM_LDFLAGS) \
	-Wl,--wrap=calloc \
	-Wl,--wrap=malloc \
	-Wl,--wrap=strdup \
	-Wl,--wrap=vasprintf \
	$(NULL)
