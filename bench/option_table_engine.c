/* SPDX-License-Identifier: MIT */
/* Options about how I/Os are carried out: engine, depth, ring, polling, threads, CPUs, memory. */
#include <lariat/poll.h>

#include "option_table.h"
#include "options.h"

#define NO_ENGINE "lariat-bench does not have that engine; io_uring, libaio and psync it has"

static const struct option_choice engine_choices[] = {
    { "lariat", ENGINE_LARIAT, NULL },
    { "liburing", ENGINE_LIBURING, NULL },
    { "psync", ENGINE_PSYNC, NULL },
    { "null", ENGINE_NULL, NULL },
    { "io_uring", ENGINE_LARIAT, NULL },
    { "libaio", ENGINE_LARIAT, NULL },
    { "posixaio", ENGINE_LARIAT, NULL },
    { "sync", ENGINE_PSYNC, NULL },
    { "vsync", ENGINE_PSYNC, NULL },
    { "pvsync", ENGINE_PSYNC, NULL },
    { "pvsync2", ENGINE_PSYNC, NULL },
    { "io_uring_cmd", 0, NO_ENGINE },
    { "mmap", 0, NO_ENGINE },
    { "splice", 0, NO_ENGINE },
    { "sg", 0, NO_ENGINE },
    { "net", 0, NO_ENGINE },
    { "cpuio", 0, NO_ENGINE },
    { "rbd", 0, NO_ENGINE },
    { "nbd", 0, NO_ENGINE },
    { NULL, 0, NULL },
};

static const struct option_choice submit_choices[] = {
    { "inline", 0, NULL },
    { "offload", 1, "rates never wait for I/Os in flight here, so it is not needed" },
    { NULL, 0, NULL },
};

static const struct option_choice policy_choices[] = {
    { "classic", LARIAT_POLL_CLASSIC, NULL },
    { "weighted", LARIAT_POLL_WEIGHTED, NULL },
    { "auto", LARIAT_POLL_AUTO, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice cpus_policy_choices[] = {
    { "shared", CPUS_SHARED, NULL },
    { "split", CPUS_SPLIT, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice mem_choices[] = {
    { "malloc", MEM_MALLOC, NULL },
    { "mmap", MEM_MMAP, NULL },
    { "mmaphuge", MEM_MMAPHUGE, NULL },
    { "shm", MEM_SHM, NULL },
    { "mmapshared", MEM_MMAPSHARED, NULL },
    { "shmhuge", MEM_SHMHUGE, NULL },
    { NULL, 0, NULL },
};

#define DEPTH_MAX 32768
#define WAIT_BATCH_MAX 32768 /* of the properties wait-batch and wait-min-ns */
#define WAIT_MIN_NS_MAX 1000000000
#define FACTOR_MAX INT64_MAX
#define CPU_MAX 8191

const struct option_row option_table_engine[] = {
    { "ioengine", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(ioengine), 0, 0, engine_choices, "ENGINE",
      "lariat (default): a Lariat iothread; liburing: a bare ring loop, to compare with; psync: pread and pwrite; null: no I/O "
      "at all; io_uring, libaio and posixaio are other names of lariat, sync, vsync, pvsync and pvsync2 of psync" },
    { "iodepth", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(iodepth), 1, DEPTH_MAX, NULL, "N",
      "I/Os in flight per job; default 1; psync: always 1" },
    { "iodepth_batch", "iodepth_batch_submit", OPTION_BUILT, TYPE_NUMBER, JOB(iodepth_batch), 0, DEPTH_MAX, NULL, "N",
      "submit as soon as N I/Os are queued; 1: each by itself, as fio does by default; default 0: all that are ready" },
    { "iodepth_batch_complete_min", "iodepth_batch_complete", OPTION_BUILT, TYPE_NUMBER, JOB(iodepth_batch_complete_min), 0,
      DEPTH_MAX, NULL, "N",
      "once --iodepth is reached, submit more only when N I/Os have completed; 0: never sleep, look again and again; default 1" },
    { "iodepth_batch_complete_max", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(iodepth_batch_complete_max), 0, DEPTH_MAX, NULL,
      "N",
      "after N completions submit what followed from them, before more are taken; default 0: the least number if that is given "
      "and above 1, else no limit" },
    { "iodepth_low", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(iodepth_low), 0, DEPTH_MAX, NULL, "N",
      "once --iodepth is reached, submit more only when so few are in flight; default 0: --iodepth" },
    { "io_submit_mode", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(io_submit_mode), 0, 0, submit_choices, "MODE", "inline" },
    { "numjobs", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(numjobs), 1, 1024, NULL, "N", "clones of the job; default 1" },
    { "thread", NULL, OPTION_BUILT, TYPE_FLAG, JOB(thread), 0, 0, NULL, NULL, "accepted and always so: jobs are threads" },
    { "fixedbufs", NULL, OPTION_BUILT, TYPE_FLAG, JOB(fixedbufs), 0, 0, NULL, NULL, "register the buffers with the ring" },
    { "registerfiles", NULL, OPTION_BUILT, TYPE_FLAG, JOB(registerfiles), 0, 0, NULL, NULL,
      "register the files with the ring" },
    { "sqthread_poll", NULL, OPTION_BUILT, TYPE_FLAG, JOB(sqthread_poll), 0, 0, NULL, NULL,
      "a thread of the kernel looks for submissions; no slat then, since nobody can tell when it found them" },
    { "sqthread_poll_cpu", NULL, OPTION_BUILT, TYPE_SIGNED, JOB(sqthread_poll_cpu), (uint64_t)-1, CPU_MAX, NULL, "N",
      "the CPU of that thread; default -1: any" },
    { "nonvectored", NULL, OPTION_BUILT, TYPE_SIGNED, JOB(nonvectored), (uint64_t)-1, 1, NULL, "-1|0|1",
      "0: readv and writev instead of read and write, unless --fixedbufs; default -1: read and write" },
    { "force_async", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(force_async), 0, UINT32_MAX, NULL, "N",
      "every Nth read or write goes to a worker of the kernel at once; default 0: none" },
    { "nowait", NULL, OPTION_BUILT, TYPE_FLAG, JOB(nowait), 0, 0, NULL, "0|1",
      "RWF_NOWAIT: I/Os that would have to wait fail with EAGAIN (see --ignore_error); default 0" },
    { "uncached", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(uncached), 0, 1, NULL, "0|1",
      "RWF_DONTCACHE: what buffered I/O leaves in the page cache goes at once; nothing under --direct=1; default 0" },
    { "hipri", NULL, OPTION_LATER, TYPE_FLAG, JOB(hipri), 0, 0, NULL, NULL, "poll the device (IORING_SETUP_IOPOLL)" },
    { "poll_max_ns", NULL, OPTION_BUILT, TYPE_NS, JOB(poll_max_ns), 0, INT64_MAX, NULL, "TIME",
      "longest spin before the loop sleeps (ns, or with us, ms, s); 0: never spin; default 200000, under other policies 32768" },
    { "poll_grow", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(poll_grow), 0, FACTOR_MAX, NULL, "N",
      "factor by which the window grows; 0: the policy's own (2)" },
    { "poll_shrink", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(poll_shrink), 0, FACTOR_MAX, NULL, "N",
      "divisor by which it shrinks; 0: the policy's own (to zero)" },
    { "poll_weight", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(poll_weight), 0, 63, NULL, "N",
      "weighted: the last wait counts for one part in 2^N; 0: the policy's own (3)" },
    { "poll_policy", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(poll_policy), 0, 0, policy_choices, "POLICY",
      "what moves the window: auto (default), classic, weighted" },
    { "wait_batch", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(wait_batch), 0, WAIT_BATCH_MAX, NULL, "N",
      "completions that the loop waits for before it goes on, at most what is in flight; 1: any; default 0: any, under auto by what "
      "is in flight" },
    { "wait_min_ns", NULL, OPTION_BUILT, TYPE_NS, JOB(wait_min_ns), 0, WAIT_MIN_NS_MAX, NULL, "TIME",
      "longest wait for more than one (ns, or with us, ms, s); 0: never; default 100us" },
    { "iothread", NULL, OPTION_BUILT, TYPE_TEXT, JOB(iothread), 0, 0, NULL, "NAME",
      "jobs of the same NAME share one iothread; default: each clone has its own" },
    { "iothreads", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(iothreads), 0, 1024, NULL, "N",
      "share N iothreads among the clones of the job; default 0: each has its own" },
    { "cpus_allowed", NULL, OPTION_BUILT, TYPE_CPUS, JOB(cpus_allowed), 0, 0, NULL, "LIST",
      "CPUs for the job's thread, as in 0-3,6" },
    { "cpus_allowed_policy", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(cpus_allowed_policy), 0, 0, cpus_policy_choices, "KIND",
      "shared (default): each clone may use all of these CPUs; split: jobs and their clones get one each, in turn" },
    { "cpumask", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(cpumask), 1, UINT64_MAX, NULL, "MASK",
      "the same as bits; 1 is CPU 0; of both, the last one counts" },
    { "numa_cpu_nodes", NULL, OPTION_BUILT, TYPE_CPUS, JOB(numa_cpu_nodes), 0, 0, NULL, "LIST",
      "run on the CPUs of these NUMA nodes; needs libnuma" },
    { "numa_mem_policy", NULL, OPTION_BUILT, TYPE_TEXT, JOB(numa_mem_policy), 0, 0, NULL, "MODE[:LIST]",
      "NUMA nodes that buffers and all else of the job's thread come from: default, local, prefer:NODE, bind:LIST or "
      "interleave:LIST; needs libnuma" },
    { "mem", "iomem", OPTION_BUILT, TYPE_MEMORY, JOB(mem), 0, 0, mem_choices, "KIND[:PATH]",
      "memory for buffers: malloc (default), mmap, mmapshared, shm (System V), and in huge pages mmaphuge, shmhuge; the mmap kinds "
      "may map a file, which is made for the time of the run if it does not exist, and overwritten by mmapshared if it does" },
    { "iomem_align", "mem_align", OPTION_BUILT, TYPE_NUMBER, JOB(iomem_align), 0, 1 << 30, NULL, "SIZE",
      "each buffer begins at a multiple of this power of two, and of what the device wants; default: the latter" },
    { "nice", NULL, OPTION_BUILT, TYPE_SIGNED, JOB(nice), (uint64_t)-20, 19, NULL, "N", "nice value of the job's thread; default 0: as it is" },
    { "prio", NULL, OPTION_BUILT, TYPE_SIGNED, JOB(prio), 0, 7, NULL, "N", "I/O priority within --prioclass, 0 is the highest" },
    { "prioclass", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(prioclass), 0, 3, NULL, "N",
      "I/O class: 1 real time, 2 best effort, 3 idle; with --prio, default 2" },
    { .name = NULL },
};
