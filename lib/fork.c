/* SPDX-License-Identifier: MIT */
/*
 * Only fork_generation() writes the page, under the mutex; the mutex itself is safe across fork() because the child handler
 * makes it anew.
 */
#include "fork.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "registry.h"
#include "watch.h"

uint64_t *fork_generation_page;
static uint64_t last_generation; /* survives fork(): a child must not reuse its parent's */
static pthread_mutex_t fork_mutex = PTHREAD_MUTEX_INITIALIZER;

static void in_child(void)
{
    pthread_mutex_init(&fork_mutex, NULL);
    registry_in_child();
    watch_in_child();
    if (fork_generation_page)
        __atomic_store_n(fork_generation_page, 0, __ATOMIC_RELAXED);
}

static uint64_t *make_page(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return NULL;
    /* The handler of pthread_atfork() serves kernels that cannot wipe; raw clone() without it is served by the wiping. */
    (void)madvise(page, size, MADV_WIPEONFORK);
    if (pthread_atfork(NULL, NULL, in_child)) {
        munmap(page, size);
        return NULL;
    }
    return page;
}

uint64_t fork_generation(void)
{
    uint64_t generation = 0;

    pthread_mutex_lock(&fork_mutex);
    if (!fork_generation_page)
        fork_generation_page = make_page();
    if (fork_generation_page) {
        generation = __atomic_load_n(fork_generation_page, __ATOMIC_RELAXED);
        if (!generation) {
            generation = ++last_generation;
            __atomic_store_n(fork_generation_page, generation, __ATOMIC_RELAXED);
        }
    }
    pthread_mutex_unlock(&fork_mutex);
    return generation;
}
