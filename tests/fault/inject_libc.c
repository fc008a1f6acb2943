/* SPDX-License-Identifier: MIT */
/*
 * Memory, and descriptors that the C library makes: calls of library and test come here first, by the linker's --wrap. Each
 * allocation is counted, and so is each free, of all threads: what is left over was lost. (What the C library allocates for
 * itself it frees itself, and neither is seen.) Threads are counted with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "inject.h"

static atomic_long outstanding;

long inject_outstanding(void)
{
    return atomic_load(&outstanding);
}

static bool no_memory(void)
{
    int err;

    if (!inject_fails(INJECT_MEMORY, &err))
        return false;
    errno = err;
    return true;
}

static void *counted(void *p)
{
    atomic_fetch_add(&outstanding, p != NULL);
    return p;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return no_memory() ? NULL : counted(__real_malloc(size));
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return no_memory() ? NULL : counted(__real_calloc(n, size));
}

/* Nobody here asks for 0 bytes, which would free. */
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
    if (no_memory())
        return NULL;
    return p ? __real_realloc(p, size) : counted(__real_realloc(NULL, size));
}

void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return no_memory() ? NULL : counted(__real_aligned_alloc(align, size));
}

int __real_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    int err;

    if (no_memory())
        return ENOMEM;
    err = __real_posix_memalign(out, align, size);
    atomic_fetch_add(&outstanding, err == 0);
    return err;
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return no_memory() ? NULL : counted(__real_strdup(text));
}

char *__real_strndup(const char *text, size_t n);
char *__wrap_strndup(const char *text, size_t n);
char *__wrap_strndup(const char *text, size_t n)
{
    return no_memory() ? NULL : counted(__real_strndup(text, n));
}

int __real_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* On failure *out is anything, says the standard. */
static int __attribute__((format(printf, 2, 0))) print(char **out, const char *format, va_list args)
{
    int n;

    *out = (char *)1;
    if (no_memory())
        return -1;
    n = __real_vasprintf(out, format, args);
    atomic_fetch_add(&outstanding, n >= 0);
    return n;
}

int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    return print(out, format, args);
}

/* What vasprintf() is compiled to with _FORTIFY_SOURCE. */
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
    (void)flag;
    return print(out, format, args);
}

int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = print(out, format, args);
    va_end(args);
    return n;
}

/* What asprintf() is compiled to with _FORTIFY_SOURCE. */
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...) __attribute__((format(printf, 3, 4)));
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list args;
    int n;

    (void)flag;
    va_start(args, format);
    n = print(out, format, args);
    va_end(args);
    return n;
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
    atomic_fetch_sub(&outstanding, p != NULL);
    __real_free(p);
}

void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
    void *p = no_memory() ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, offset);

    atomic_fetch_add(&outstanding, p != MAP_FAILED);
    return p;
}

int __real_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len)
{
    atomic_fetch_sub(&outstanding, 1);
    return __real_munmap(addr, len);
}

/* ---- threads: one that nobody joins is lost, too ---- */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque)
{
    const int err = __real_pthread_create(thread, attr, fn, opaque);

    atomic_fetch_add(&outstanding, err == 0);
    return err;
}

int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
    const int err = __real_pthread_join(thread, result);

    atomic_fetch_sub(&outstanding, err == 0);
    return err;
}

/* ---- what allocates inside the C library, and says so ---- */

int __real_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    return no_memory() ? ENOMEM : __real_pthread_key_create(key, destructor);
}

int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return no_memory() ? ENOMEM : __real_pthread_setspecific(key, value);
}

int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return no_memory() ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

int __real_pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *cpus);
int __wrap_pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *cpus);
int __wrap_pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *cpus)
{
    return no_memory() ? ENOMEM : __real_pthread_setaffinity_np(thread, size, cpus);
}

/* ---- descriptors ---- */

int __real_open(const char *path, int oflags, ...);
int __wrap_open(const char *path, int oflags, ...);
int __wrap_open(const char *path, int oflags, ...)
{
    va_list args;
    mode_t mode = 0;

    if (inject_fails(INJECT_OPEN, &errno))
        return -1;
    va_start(args, oflags);
    if (oflags & O_CREAT || (oflags & O_TMPFILE) == O_TMPFILE)
        mode = va_arg(args, mode_t);
    va_end(args);
    return __real_open(path, oflags, mode);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
    return no_memory() || inject_fails(INJECT_OPEN, &errno) ? NULL : __real_fopen(path, mode);
}
