# SPDX-License-Identifier: MIT
# lariat-ctl speaks to the control socket and links with nothing of the library: what it knows are the headers' constants, and the
# defaults of the poll policies, of which these two files are built a second time for it.
noinst_LTLIBRARIES += tools/ctl/libpolicies.la
tools_ctl_libpolicies_la_SOURCES = \
	lib/fatal.c \
	lib/fatal.h \
	lib/poll.h \
	lib/poll_auto.h \
	lib/poll_params.c \
	$(NULL)
tools_ctl_libpolicies_la_CPPFLAGS = $(private_cppflags)

# What needs no JSON, and is looked at by the unit suites part by part.
ctl_parts = \
	bench/tune_config.c \
	bench/tune_config.h \
	bench/tune_stats.c \
	bench/tune_stats.h \
	bench/units.c \
	bench/units.h \
	tools/ctl/arg_table.c \
	tools/ctl/arg_table.h \
	tools/ctl/args.c \
	tools/ctl/args.h \
	tools/ctl/format.c \
	tools/ctl/format.h \
	tools/ctl/help.c \
	tools/ctl/keys.c \
	tools/ctl/keys.h \
	tools/ctl/memory.c \
	tools/ctl/memory.h \
	tools/ctl/nearest.c \
	tools/ctl/nearest.h \
	tools/ctl/rates.c \
	tools/ctl/rates.h \
	tools/ctl/report.c \
	tools/ctl/report.h \
	tools/ctl/sample.h \
	tools/ctl/top_model.c \
	tools/ctl/top_model.h \
	tools/ctl/top_screen.c \
	tools/ctl/top_screen.h \
	tools/ctl/tuning.c \
	tools/ctl/tuning.h \
	tools/ctl/tuning_args.c \
	tools/ctl/tuning_args.h \
	tools/ctl/tuning_report.c \
	tools/ctl/tuning_report.h \
	tools/ctl/tuning_search.c \
	tools/ctl/tuning_search.h \
	$(NULL)

tools_ctl_lariat_ctl_SOURCES = \
	$(ctl_parts) \
	tools/ctl/client.c \
	tools/ctl/client.h \
	tools/ctl/clock.h \
	tools/ctl/command_describe.c \
	tools/ctl/command_get.c \
	tools/ctl/command_list.c \
	tools/ctl/command_set.c \
	tools/ctl/command_stats.c \
	tools/ctl/command_top.c \
	tools/ctl/command_tune.c \
	tools/ctl/command_watch.c \
	tools/ctl/commands.h \
	tools/ctl/hints.c \
	tools/ctl/hints.h \
	tools/ctl/interrupt.c \
	tools/ctl/interrupt.h \
	tools/ctl/main.c \
	tools/ctl/output.c \
	tools/ctl/output.h \
	tools/ctl/query.c \
	tools/ctl/query.h \
	tools/ctl/terminal.c \
	tools/ctl/terminal.h \
	tools/ctl/trial.c \
	tools/ctl/trial.h \
	$(NULL)
tools_ctl_lariat_ctl_CPPFLAGS = $(public_cppflags) $(JANSSON_CFLAGS)
tools_ctl_lariat_ctl_LDADD = tools/ctl/libpolicies.la $(JANSSON_LIBS) -lm

if HAVE_JANSSON
bin_PROGRAMS += tools/ctl/lariat-ctl
dist_bashcompletion_DATA += tools/completion/lariat-ctl
endif

check_LTLIBRARIES += tools/ctl/libparts.la
tools_ctl_libparts_la_SOURCES = $(ctl_parts)
tools_ctl_libparts_la_CPPFLAGS = $(public_cppflags)

# tests/unit/local.mk takes them into its list.
ctl_unit_tests = \
	tests/unit/test_ctl_args \
	tests/unit/test_ctl_format \
	tests/unit/test_ctl_rates \
	tests/unit/test_ctl_top \
	tests/unit/test_ctl_tuning \
	$(NULL)
unit_tests += $(ctl_unit_tests)

ctl_test_cppflags = $(public_cppflags) -iquote $(top_srcdir)/tools/ctl -iquote $(top_srcdir)/tests/unit
ctl_test_ldadd = tools/ctl/libparts.la $(LDADD) -lm
tests_unit_test_ctl_args_CPPFLAGS = $(ctl_test_cppflags)
tests_unit_test_ctl_args_LDADD = $(ctl_test_ldadd)
tests_unit_test_ctl_format_CPPFLAGS = $(ctl_test_cppflags)
tests_unit_test_ctl_format_LDADD = $(ctl_test_ldadd)
tests_unit_test_ctl_rates_CPPFLAGS = $(ctl_test_cppflags)
tests_unit_test_ctl_rates_LDADD = $(ctl_test_ldadd)
tests_unit_test_ctl_top_CPPFLAGS = $(ctl_test_cppflags)
tests_unit_test_ctl_top_LDADD = $(ctl_test_ldadd)
tests_unit_test_ctl_tuning_CPPFLAGS = $(ctl_test_cppflags)
tests_unit_test_ctl_tuning_LDADD = $(ctl_test_ldadd)

# Real runs: against servers that do not behave, and against a program with iothreads.
ctl_sh_tests = \
	tests/sh/ctl-commands.sh \
	tests/sh/ctl-completion.sh \
	tests/sh/ctl-errors.sh \
	tests/sh/ctl-top.sh \
	tests/sh/ctl-tune.sh \
	$(NULL)
EXTRA_DIST += $(ctl_sh_tests) tests/sh/ctl-functions.sh
if HAVE_JANSSON
TESTS += $(ctl_sh_tests)
check_PROGRAMS += tests/bad-server tests/ctl-server
endif
tests_bad_server_SOURCES = tests/bad_server.c
tests_bad_server_CPPFLAGS = $(public_cppflags)
tests_bad_server_LDADD =
tests_ctl_server_SOURCES = tests/ctl_server.c
tests_ctl_server_CPPFLAGS = $(public_cppflags)
tests_ctl_server_LDADD = lib/monitor/liblariat-monitor.la lib/liblariat.la
