/* SPDX-License-Identifier: MIT */
/*
 * What valgrind and AddressSanitizer cannot see by themselves: the kernel reads and writes the memory of an op between its
 * submission and its completion. Told here, a buffer that is freed, too short or not initialised is reported at the
 * submitting call. Without these tools all of it is nothing.
 */
#ifndef LARIAT_ANNOTATE_H
#define LARIAT_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#if defined(HAVE_VALGRIND_MEMCHECK_H)
#include <valgrind/memcheck.h>
#define ANNOTATE_ON_VALGRIND() (RUNNING_ON_VALGRIND != 0)
#else
#define ANNOTATE_ON_VALGRIND() false
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#define ANNOTATE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#define ANNOTATE_ASAN 1
#endif
#endif

#ifdef ANNOTATE_ASAN
#define ANNOTATE_ASAN_ON true
#else
#define ANNOTATE_ASAN_ON false
#endif

/* The kernel will write len bytes at p. */
static inline void annotate_kernel_will_write(const void *p, size_t len)
{
#if defined(HAVE_VALGRIND_MEMCHECK_H)
    (void)VALGRIND_CHECK_MEM_IS_ADDRESSABLE(p, len);
#endif
#ifdef ANNOTATE_ASAN
    if (len && __asan_region_is_poisoned((void *)(size_t)p, len)) {
        fprintf(stderr, "lariat: an op reads into memory that is not the caller's\n");
        *(volatile char *)__asan_region_is_poisoned((void *)(size_t)p, len) = 0; /* let ASan tell where from */
        abort();
    }
#endif
    (void)p;
    (void)len;
}

/* The kernel will read len bytes at p. */
static inline void annotate_kernel_will_read(const void *p, size_t len)
{
#if defined(HAVE_VALGRIND_MEMCHECK_H)
    (void)VALGRIND_CHECK_MEM_IS_DEFINED(p, len);
#endif
#ifdef ANNOTATE_ASAN
    if (len && __asan_region_is_poisoned((void *)(size_t)p, len)) {
        fprintf(stderr, "lariat: an op writes from memory that is not the caller's\n");
        (void)*(volatile char *)__asan_region_is_poisoned((void *)(size_t)p, len);
        abort();
    }
#endif
    (void)p;
    (void)len;
}

/* The kernel has written len bytes at p. */
static inline void annotate_kernel_wrote(const void *p, size_t len)
{
#if defined(HAVE_VALGRIND_MEMCHECK_H)
    (void)VALGRIND_MAKE_MEM_DEFINED(p, len);
#endif
    (void)p;
    (void)len;
}

#endif
