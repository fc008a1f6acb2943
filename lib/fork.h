/* SPDX-License-Identifier: MIT */
/*
 * Recognising a child of fork() without a system call per use.
 *
 * One page per process holds the process's generation. The kernel wipes it in a child (MADV_WIPEONFORK), so there the word
 * is 0 and differs from the generation that every loop remembers. The first loop made in the child gives it a generation of
 * its own. Where the kernel cannot wipe, pthread_atfork() does.
 */
#ifndef LARIAT_FORK_H
#define LARIAT_FORK_H

#include <stdbool.h>
#include <stdint.h>

extern uint64_t *fork_generation_page;

/* Make the page if need be and return this process's generation; 0: no memory. Any thread. */
uint64_t fork_generation(void);

/* Is the caller in another process than the one that had `generation`? Any thread, async-signal-safe. */
static inline bool fork_is_child(uint64_t generation)
{
    return __atomic_load_n(fork_generation_page, __ATOMIC_RELAXED) != generation;
}

#endif
