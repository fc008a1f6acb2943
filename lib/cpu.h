/* SPDX-License-Identifier: MIT */
/* Hints to the CPU, and its full barrier. */
#ifndef LARIAT_CPU_H
#define LARIAT_CPU_H

/* In a loop that looks at memory: let the other thread of the core have its turn. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* What was written before is seen before anything after it is read. (gcc refuses atomic_thread_fence() with TSan.) */
static inline void cpu_full_barrier(void)
{
    __sync_synchronize();
}

/*
 * Fetch a cache line for writing that another CPU wrote last: one trip between the CPUs, where a load and then a store make
 * two. (__builtin_prefetch() says PREFETCHW only when compiled for newer CPUs; all x86-64 ones take it, the oldest as a NOP.)
 */
static inline void cpu_prefetch_write(const void *p)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
    __builtin_prefetch(p, 1);
#endif
}

#endif
