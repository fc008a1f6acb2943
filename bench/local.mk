# SPDX-License-Identifier: MIT
# The benchmarks use the library as its users do: through the public headers only.

bench_lariat_bench_SOURCES = \
	bench/block_sizes.c \
	bench/block_sizes.h \
	bench/buffers.c \
	bench/buffers.h \
	bench/careful.c \
	bench/careful.h \
	bench/careful_choose.c \
	bench/careful_time.c \
	bench/careful_verify.c \
	bench/checker.c \
	bench/checker.h \
	bench/checksum.c \
	bench/checksum.h \
	bench/clock.h \
	bench/command.c \
	bench/command.h \
	bench/cpulist.c \
	bench/cpulist.h \
	bench/crc32c.c \
	bench/crc32c.h \
	bench/depth_search.c \
	bench/depth_search.h \
	bench/device_guard.c \
	bench/device_guard.h \
	bench/disk_below.c \
	bench/disk_below.h \
	bench/disk_util.c \
	bench/disk_util.h \
	bench/distribution.c \
	bench/distribution.h \
	bench/engine.c \
	bench/engine.h \
	bench/engine_lariat.c \
	bench/engine_liburing.c \
	bench/engine_null.c \
	bench/engine_options.c \
	bench/engine_options.h \
	bench/engine_psync.c \
	bench/figures.c \
	bench/figures.h \
	bench/interrupt.c \
	bench/interrupt.h \
	bench/intervals.c \
	bench/intervals.h \
	bench/io_memory.c \
	bench/io_memory.h \
	bench/iostat.c \
	bench/iostat.h \
	bench/iothread_pool.c \
	bench/iothread_pool.h \
	bench/job.c \
	bench/job.h \
	bench/json_build.c \
	bench/json_build.h \
	bench/jobfile.c \
	bench/jobfile.h \
	bench/layout.c \
	bench/layout.h \
	bench/lfsr.c \
	bench/lfsr.h \
	bench/log_ring.c \
	bench/log_ring.h \
	bench/logs.c \
	bench/logs.h \
	bench/main.c \
	bench/number_text.c \
	bench/number_text.h \
	bench/numa_nodes.c \
	bench/numa_nodes.h \
	bench/numa_policy.c \
	bench/numa_policy.h \
	bench/observer.c \
	bench/observer.h \
	bench/offsets.c \
	bench/offsets.h \
	bench/open_jobs.c \
	bench/open_jobs.h \
	bench/option_parser.h \
	bench/option_print.c \
	bench/option_table.c \
	bench/option_table.h \
	bench/option_table_engine.c \
	bench/option_table_load.c \
	bench/option_table_others.c \
	bench/option_table_program.c \
	bench/option_table_report.c \
	bench/option_table_target.c \
	bench/option_table_time.c \
	bench/option_table_verify.c \
	bench/option_value.c \
	bench/option_value.h \
	bench/options.c \
	bench/options.h \
	bench/options_check.c \
	bench/options_cmdhelp.c \
	bench/options_help.c \
	bench/pattern.c \
	bench/pattern.h \
	bench/placement.c \
	bench/placement.h \
	bench/plain_thread.c \
	bench/plain_thread.h \
	bench/preflight.c \
	bench/preflight.h \
	bench/preflight_run.c \
	bench/progress.c \
	bench/progress.h \
	bench/rate.c \
	bench/rate.h \
	bench/report.c \
	bench/report.h \
	bench/report_html.c \
	bench/report_html.h \
	bench/report_html_charts.c \
	bench/report_json.c \
	bench/report_json.h \
	bench/report_json_io.c \
	bench/report_json_lariat.c \
	bench/report_normal.c \
	bench/report_normal.h \
	bench/report_normal_parts.c \
	bench/report_terse.c \
	bench/report_tsv.c \
	bench/ring_style.c \
	bench/ring_style.h \
	bench/run.c \
	bench/run.h \
	bench/rw_flags.c \
	bench/rw_flags.h \
	bench/simulate.h \
	bench/schedule.c \
	bench/schedule.h \
	bench/status.c \
	bench/status.h \
	bench/steady.c \
	bench/steady.h \
	bench/steady_watch.c \
	bench/steady_watch.h \
	bench/svg_chart.c \
	bench/svg_chart.h \
	bench/showcmd.c \
	bench/showcmd.h \
	bench/substitute.c \
	bench/substitute.h \
	bench/target.c \
	bench/target.h \
	bench/target_names.c \
	bench/target_parts.h \
	bench/target_prepare.c \
	bench/text_file.c \
	bench/text_file.h \
	bench/thread_usage.c \
	bench/thread_usage.h \
	bench/tune.h \
	bench/tune_config.c \
	bench/tune_config.h \
	bench/tune_csv.c \
	bench/tune_data.c \
	bench/tune_html.c \
	bench/tune_html.h \
	bench/tune_html_charts.c \
	bench/tune_json.c \
	bench/tune_main.c \
	bench/tune_main.h \
	bench/tune_options.c \
	bench/tune_options.h \
	bench/tune_report.h \
	bench/tune_run.c \
	bench/tune_run.h \
	bench/tune_search.c \
	bench/tune_search.h \
	bench/tune_state.c \
	bench/tune_state.h \
	bench/tune_stats.c \
	bench/tune_stats.h \
	bench/tune_text.c \
	bench/tune_verdict.c \
	bench/tune_verdict.h \
	bench/units.c \
	bench/units.h \
	bench/units_text.c \
	bench/values.c \
	bench/values.h \
	bench/values_text.c \
	bench/verify.c \
	bench/verify.h \
	bench/wait_log.c \
	bench/wait_log.h \
	bench/work.c \
	bench/work.h \
	tools/ctl/nearest.c \
	tools/ctl/nearest.h \
	$(NULL)
bench_lariat_bench_CPPFLAGS = \
	$(public_cppflags) \
	$(LIBURING_CFLAGS) \
	$(JANSSON_CFLAGS) \
	$(BLKID_CFLAGS) \
	$(ISAL_CFLAGS) \
	$(XXHASH_CFLAGS) \
	$(NETTLE_CFLAGS) \
	$(NUMA_CFLAGS) \
	$(NULL)
bench_lariat_bench_LDADD = \
	lib/monitor/liblariat-monitor.la \
	bench/libsimulate.la \
	lib/liblariat.la \
	$(LIBURING_LIBS) \
	$(JANSSON_LIBS) \
	$(BLKID_LIBS) \
	$(ISAL_LIBS) \
	$(XXHASH_LIBS) \
	$(NETTLE_LIBS) \
	$(NUMA_LIBS) \
	-lm \
	$(NULL)

# lariat-bench simulate runs the library's own policies, which are pure and private: these two of its
# files, and no others, are built a second time for it.
noinst_LTLIBRARIES += bench/libsimulate.la
bench_libsimulate_la_SOURCES = \
	bench/simulate.c \
	bench/simulate.h \
	bench/simulation.c \
	bench/simulation.h \
	bench/traces.c \
	bench/traces.h \
	lib/poll.c \
	lib/poll.h \
	lib/poll_auto.c \
	lib/poll_auto.h \
	$(NULL)
bench_libsimulate_la_CPPFLAGS = $(private_cppflags)

bench_lariat_microbench_SOURCES = \
	bench/microbench.c \
	bench/microbench.h \
	bench/microbench_bh.c \
	bench/microbench_burst.c \
	bench/microbench_handler.c \
	bench/microbench_idle.c \
	bench/microbench_life.c \
	bench/microbench_loop.c \
	bench/microbench_loop.h \
	bench/microbench_nop.c \
	bench/microbench_pingpong.c \
	bench/microbench_report.c \
	bench/microbench_report.h \
	bench/microbench_stats.c \
	bench/microbench_stats.h \
	bench/microbench_timer.c \
	bench/microbench_word.c \
	bench/microbench_word.h \
	$(NULL)
bench_lariat_microbench_CPPFLAGS = \
	$(public_cppflags) \
	$(LIBURING_CFLAGS) \
	$(JANSSON_CFLAGS) \
	$(LIBUV_CFLAGS) \
	$(GLIB_CFLAGS) \
	$(NULL)
bench_lariat_microbench_LDADD = \
	lib/liblariat.la \
	$(LIBURING_LIBS) \
	$(JANSSON_LIBS) \
	$(LIBUV_LIBS) \
	$(LIBEV_LIBS) \
	$(GLIB_LIBS) \
	-lm \
	$(NULL)

# For bench/poll-figures.sh.
noinst_PROGRAMS += bench/poll-figures
bench_poll_figures_SOURCES = bench/poll_figures.c
bench_poll_figures_CPPFLAGS = $(public_cppflags)
bench_poll_figures_LDADD = lib/liblariat.la
EXTRA_DIST += bench/poll-figures.sh bench/fio-figures.sh bench/tune-check.sh

# For bench/nbd-figures.sh.
noinst_PROGRAMS += bench/nbd-load
bench_nbd_load_SOURCES = bench/nbd_load.c tools/nbd/protocol.h tools/nbd/wire.h
bench_nbd_load_CPPFLAGS = $(public_cppflags) -iquote $(top_srcdir)/tools/nbd
bench_nbd_load_LDADD =
EXTRA_DIST += bench/nbd-figures.sh

# Both write JSON with jansson. configure says when the first is left out.
if BUILD_BENCH
bin_PROGRAMS += bench/lariat-bench
dist_bashcompletion_DATA += tools/completion/lariat-bench
endif
if HAVE_JANSSON
noinst_PROGRAMS += bench/lariat-microbench
endif

# Those parts of lariat-bench that the unit suites look at one by one. They need neither jansson nor
# blkid, so that these suites are always there.
check_LTLIBRARIES += bench/libparts.la
bench_libparts_la_SOURCES = \
	bench/block_sizes.c \
	bench/buffers.c \
	bench/careful.c \
	bench/careful_choose.c \
	bench/careful_time.c \
	bench/careful_verify.c \
	bench/checker.c \
	bench/checksum.c \
	bench/cpulist.c \
	bench/crc32c.c \
	bench/depth_search.c \
	bench/disk_below.c \
	bench/disk_util.c \
	bench/distribution.c \
	bench/engine_options.c \
	bench/figures.c \
	bench/intervals.c \
	bench/io_memory.c \
	bench/iostat.c \
	bench/lfsr.c \
	bench/log_ring.c \
	bench/number_text.c \
	bench/numa_nodes.c \
	bench/numa_policy.c \
	bench/jobfile.c \
	bench/offsets.c \
	bench/option_print.c \
	bench/option_table.c \
	bench/option_table_engine.c \
	bench/option_table_load.c \
	bench/option_table_others.c \
	bench/option_table_program.c \
	bench/option_table_report.c \
	bench/option_table_target.c \
	bench/option_table_time.c \
	bench/option_table_verify.c \
	bench/option_value.c \
	bench/options.c \
	bench/options_check.c \
	bench/options_cmdhelp.c \
	bench/options_help.c \
	bench/pattern.c \
	bench/placement.c \
	bench/preflight.c \
	bench/progress.c \
	bench/rate.c \
	bench/report.c \
	bench/report_normal.c \
	bench/report_normal_parts.c \
	bench/report_terse.c \
	bench/ring_style.c \
	bench/rw_flags.c \
	bench/steady.c \
	bench/svg_chart.c \
	bench/text_file.c \
	bench/thread_usage.c \
	bench/showcmd.c \
	bench/substitute.c \
	bench/tune_config.c \
	bench/tune_data.c \
	bench/tune_search.c \
	bench/tune_stats.c \
	bench/tune_verdict.c \
	bench/units.c \
	bench/units_text.c \
	bench/values.c \
	bench/values_text.c \
	bench/verify.c \
	bench/work.c \
	tools/ctl/nearest.c \
	$(NULL)
bench_libparts_la_CPPFLAGS = $(public_cppflags) $(LIBURING_CFLAGS) $(ISAL_CFLAGS) $(XXHASH_CFLAGS) $(NETTLE_CFLAGS) $(NUMA_CFLAGS)

# For the man page, see doc/local.mk.
check_PROGRAMS += bench/print-options
bench_print_options_SOURCES = bench/print_options.c
bench_print_options_CPPFLAGS = $(public_cppflags)
bench_print_options_LDADD = bench/libparts.la lib/liblariat.la $(ISAL_LIBS) $(XXHASH_LIBS) $(NETTLE_LIBS) $(NUMA_LIBS) -lm

# Arithmetic without pointers, and much of it: memcheck would take minutes over them.
bench_pure_tests = \
	tests/unit/test_bench_buffers \
	tests/unit/test_bench_checksum \
	tests/unit/test_bench_depth_search \
	tests/unit/test_bench_distribution \
	tests/unit/test_bench_offsets \
	tests/unit/test_bench_rate \
	tests/unit/test_bench_simulate \
	tests/unit/test_bench_sizes \
	tests/unit/test_bench_tune \
	tests/unit/test_bench_tune_stats \
	tests/unit/test_bench_steady \
	tests/unit/test_bench_units \
	tests/unit/test_bench_values \
	$(NULL)

# tests/unit/local.mk takes them into its list.
bench_unit_tests = \
	tests/unit/test_bench_buffers \
	tests/unit/test_bench_careful \
	tests/unit/test_bench_checksum \
	tests/unit/test_bench_depth_search \
	tests/unit/test_bench_disks \
	tests/unit/test_bench_distribution \
	tests/unit/test_bench_figures \
	tests/unit/test_bench_memory \
	tests/unit/test_bench_observe \
	tests/unit/test_bench_jobfile \
	tests/unit/test_bench_offsets \
	tests/unit/test_bench_options \
	tests/unit/test_bench_simulate \
	tests/unit/test_bench_preflight \
	tests/unit/test_bench_rate \
	tests/unit/test_bench_ring \
	tests/unit/test_bench_sizes \
	tests/unit/test_bench_tune \
	tests/unit/test_bench_tune_stats \
	tests/unit/test_bench_steady \
	tests/unit/test_bench_units \
	tests/unit/test_bench_values \
	tests/unit/test_bench_verify \
	tests/unit/test_bench_work \
	$(NULL)

# Not lib/, where another options.h is.
bench_test_cppflags = $(public_cppflags) -iquote $(top_srcdir)/bench -iquote $(top_srcdir)/tests/unit
bench_test_ldadd = bench/libparts.la $(LDADD) $(ISAL_LIBS) $(XXHASH_LIBS) $(NETTLE_LIBS) $(NUMA_LIBS) -lm
tests_unit_test_bench_figures_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_figures_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_memory_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_memory_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_observe_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_observe_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_jobfile_SOURCES = tests/unit/test_bench_jobfile.c tests/unit/bench_parse.h
tests_unit_test_bench_jobfile_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_jobfile_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_offsets_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_offsets_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_options_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_options_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_simulate_CPPFLAGS = $(bench_test_cppflags) -iquote $(top_srcdir)/lib
tests_unit_test_bench_simulate_LDADD = bench/libsimulate.la $(bench_test_ldadd)
tests_unit_test_bench_disks_SOURCES = tests/unit/test_bench_disks.c tests/unit/fake_root.c tests/unit/fake_root.h
tests_unit_test_bench_disks_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_disks_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_preflight_SOURCES = tests/unit/test_bench_preflight.c tests/unit/fake_root.c tests/unit/fake_root.h
tests_unit_test_bench_preflight_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_preflight_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_tune_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_tune_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_tune_stats_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_tune_stats_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_units_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_units_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_values_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_values_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_verify_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_verify_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_work_SOURCES = tests/unit/test_bench_work.c tests/unit/bench_fake.c tests/unit/bench_fake.h
tests_unit_test_bench_work_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_work_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_distribution_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_distribution_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_rate_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_rate_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_ring_SOURCES = tests/unit/test_bench_ring.c tests/unit/bench_parse.h
tests_unit_test_bench_ring_CPPFLAGS = $(bench_test_cppflags) $(LIBURING_CFLAGS)
tests_unit_test_bench_ring_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_depth_search_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_depth_search_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_steady_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_steady_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_sizes_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_sizes_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_checksum_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_checksum_LDADD = $(bench_test_ldadd)
tests_unit_test_bench_buffers_CPPFLAGS = $(bench_test_cppflags) $(ZLIB_CFLAGS)
tests_unit_test_bench_buffers_LDADD = $(bench_test_ldadd) $(ZLIB_LIBS)
tests_unit_test_bench_careful_SOURCES = tests/unit/test_bench_careful.c tests/unit/bench_fake.c tests/unit/bench_fake.h
tests_unit_test_bench_careful_CPPFLAGS = $(bench_test_cppflags)
tests_unit_test_bench_careful_LDADD = $(bench_test_ldadd)

# What its JSON holds; the tests compare it with real runs.
dist_doc_DATA = doc/lariat-bench.schema.json

# Real runs of lariat-bench.
bench_sh_tests = \
	tests/sh/bench-devices.sh \
	tests/sh/bench-effects.sh \
	tests/sh/bench-effects-report.sh \
	tests/sh/bench-faults.sh \
	tests/sh/bench-interrupt.sh \
	tests/sh/bench-layout.sh \
	tests/sh/bench-logs.sh \
	tests/sh/bench-monitor.sh \
	tests/sh/bench-options.sh \
	tests/sh/bench-order.sh \
	tests/sh/bench-preflight.sh \
	tests/sh/bench-report.sh \
	tests/sh/bench-ring.sh \
	tests/sh/bench-run.sh \
	tests/sh/bench-simulate.sh \
	tests/sh/bench-tune.sh \
	tests/sh/bench-verify-async.sh \
	tests/sh/bench-verify-kinds.sh \
	tests/sh/bench-verify.sh \
	tests/sh/bench-waits.sh \
	$(NULL)
# These compare what comes out with fio's, with a schedule, or with what /proc and strace show: a sanitizer adds nothing
# to that, nor does the tarball.
bench_compare_tests = \
	tests/sh/bench-fio-json.sh \
	tests/sh/bench-fio-text.sh \
	tests/sh/bench-jobfile.sh \
	tests/sh/bench-json.sh \
	tests/sh/bench-manual.sh \
	tests/sh/bench-memory.sh \
	tests/sh/bench-placement.sh \
	tests/sh/bench-rates.sh \
	tests/sh/bench-schema.sh \
	tests/sh/bench-status.sh \
	tests/sh/bench-steady.sh \
	tests/sh/bench-workload.sh \
	$(NULL)
if BUILD_BENCH
TESTS += $(bench_sh_tests)
if !SANITIZED
TESTS += $(bench_compare_tests)
endif
endif
EXTRA_DIST += $(bench_sh_tests) $(bench_compare_tests) tests/sh/bench-functions.sh
EXTRA_DIST += \
	tests/sh/fio-jobs/both.fio \
	tests/sh/fio-jobs/bsrange.fio \
	tests/sh/fio-jobs/bssplit.fio \
	tests/sh/fio-jobs/clones.fio \
	tests/sh/fio-jobs/fsync.fio \
	tests/sh/fio-jobs/group.fio \
	tests/sh/fio-jobs/gtod-reduce.fio \
	tests/sh/fio-jobs/loops.fio \
	tests/sh/fio-jobs/mixed.fio \
	tests/sh/fio-jobs/no-percentiles.fio \
	tests/sh/fio-jobs/number-ios.fio \
	tests/sh/fio-jobs/ramp.fio \
	tests/sh/fio-jobs/randread.fio \
	tests/sh/fio-jobs/randrw.fio \
	tests/sh/fio-jobs/randwrite-fdatasync.fio \
	tests/sh/fio-jobs/rate.fio \
	tests/sh/fio-jobs/seq-read.fio \
	tests/sh/fio-jobs/steadystate.fio \
	tests/sh/fio-jobs/stonewall.fio \
	tests/sh/fio-jobs/trim.fio \
	tests/sh/fio-jobs/verify-backlog.fio \
	tests/sh/fio-jobs/verify-randrw.fio \
	tests/sh/fio-jobs/verify-read.fio \
	tests/sh/fio-jobs/verify-write.fio \
	tests/sh/fio-jobs/write.fio \
	tests/sh/fio-jobs/zipf.fio \
	$(NULL)

# Under a sanitizer the peers, which are not built with it, would be reported.
if !SANITIZED
if HAVE_JANSSON
TESTS += tests/sh/microbench-smoke.sh
endif
endif
EXTRA_DIST += tests/sh/microbench-smoke.sh
