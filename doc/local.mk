# SPDX-License-Identifier: MIT
# The man pages, from POD. The pages themselves are in the tarball, all of them, so that building from one needs no perl.

pod_pages = \
	doc/lariat-bench.1 \
	doc/lariat-bench-tune.1 \
	doc/lariat-ctl.1 \
	doc/lariat-iothread.7 \
	doc/lariat-nbd.1 \
	doc/lariat-storage.7 \
	$(NULL)

if BUILD_MANUALS
EXTRA_DIST += $(pod_pages)
man7_MANS = doc/lariat-iothread.7 doc/lariat-storage.7
man1_MANS = doc/lariat-nbd.1
if HAVE_JANSSON
man1_MANS += doc/lariat-ctl.1
endif
if BUILD_BENCH
man1_MANS += doc/lariat-bench.1 doc/lariat-bench-tune.1
endif
endif

# The version stands in the place of the date, so that a page is the same for whoever makes it.
run_pod2man = $(AM_V_GEN)$(MKDIR_P) doc && $(POD2MAN) --utf8 --errors=die --stderr \
	--center=Lariat --release=Lariat --date='$(VERSION)'

# Its section OPTIONS is what the program says of its table. The program is no reason to make the page anew, its sources are:
# from a tarball the page is not made at all.
bench_tables = \
	bench/option_table_engine.c \
	bench/option_table_load.c \
	bench/option_table_others.c \
	bench/option_table_program.c \
	bench/option_table_report.c \
	bench/option_table_target.c \
	bench/option_table_time.c \
	bench/option_table_verify.c \
	$(NULL)
if BUILD_BENCH
option_printer = bench/lariat-bench
else
option_printer = bench/print-options
endif
doc/lariat-bench.1: doc/lariat-bench.pod $(bench_tables) $(top_srcdir)/configure.ac | $(option_printer)
	$(AM_V_at)$(MKDIR_P) doc && $(option_printer) --cmdhelp=pod >$@.options && \
		sed -e '/^OPTIONS FROM THE TABLE$$/{r $@.options' -e 'd;}' $(top_srcdir)/doc/lariat-bench.pod >$@.pod
	$(run_pod2man) --section=1 --name=LARIAT-BENCH $@.pod $@.tmp && mv $@.tmp $@ && rm -f $@.pod $@.options

doc/lariat-bench-tune.1: doc/lariat-bench-tune.pod $(top_srcdir)/configure.ac
	$(run_pod2man) --section=1 --name=LARIAT-BENCH-TUNE $(top_srcdir)/doc/lariat-bench-tune.pod $@.tmp && mv $@.tmp $@

doc/lariat-ctl.1: doc/lariat-ctl.pod $(top_srcdir)/configure.ac
	$(run_pod2man) --section=1 --name=LARIAT-CTL $(top_srcdir)/doc/lariat-ctl.pod $@.tmp && mv $@.tmp $@

doc/lariat-nbd.1: doc/lariat-nbd.pod $(top_srcdir)/configure.ac
	$(run_pod2man) --section=1 --name=LARIAT-NBD $(top_srcdir)/doc/lariat-nbd.pod $@.tmp && mv $@.tmp $@

doc/lariat-iothread.7: doc/lariat-iothread.pod $(top_srcdir)/configure.ac
	$(run_pod2man) --section=7 --name=LARIAT-IOTHREAD $(top_srcdir)/doc/lariat-iothread.pod $@.tmp && mv $@.tmp $@

doc/lariat-storage.7: doc/lariat-storage.pod $(top_srcdir)/configure.ac
	$(run_pod2man) --section=7 --name=LARIAT-STORAGE $(top_srcdir)/doc/lariat-storage.pod $@.tmp && mv $@.tmp $@

EXTRA_DIST += \
	doc/lariat-bench.pod \
	doc/lariat-bench-tune.pod \
	doc/lariat-ctl.pod \
	doc/lariat-iothread.pod \
	doc/lariat-nbd.pod \
	doc/lariat-storage.pod \
	$(NULL)
CLEANFILES += doc/lariat-bench.1.options doc/lariat-bench.1.pod
MAINTAINERCLEANFILES = $(pod_pages)

# Compares the table of properties in lariat-iothread(7) with the library's own; see tests/sh/doc-properties.sh.
check_PROGRAMS += tests/list-properties
tests_list_properties_SOURCES = tests/list_properties.c
tests_list_properties_CPPFLAGS = $(public_cppflags)
tests_list_properties_LDADD = lib/liblariat.la

doc_sh_tests = \
	tests/sh/doc-pages.sh \
	tests/sh/doc-properties.sh \
	tests/sh/doc-storage.sh \
	$(NULL)
EXTRA_DIST += $(doc_sh_tests)
if !SANITIZED
TESTS += $(doc_sh_tests)
endif
