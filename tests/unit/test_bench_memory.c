/* SPDX-License-Identifier: MIT */
/* The kinds of memory that mem= knows, as the kernel shows their mappings. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_memory.h"

#define BYTES ((size_t)300000)
#define ALIGN ((size_t)1 << 18) /* more than a page */

static char why[IO_MEMORY_WHY];

/* The line of /proc/self/maps that an address is in, or "". */
static const char *mapping_of(const void *address)
{
    static char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof(line), maps)) {
        unsigned long begin, end, at = (unsigned long)(uintptr_t)address;

        if (sscanf(line, "%lx-%lx", &begin, &end) == 2 && begin <= at && at < end) {
            fclose(maps);
            return line;
        }
    }
    fclose(maps);
    return "";
}

static int get(struct io_memory *memory, enum mem_kind kind, const char *path, unsigned part)
{
    const struct memory_value value = { kind, path };

    return io_memory_get(memory, &value, BYTES, ALIGN, part, why);
}

static const char *path_or_fail(char path[64])
{
    strcpy(path, "/var/tmp/lariat-memory.XXXXXX");
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    close(fd);
    unlink(path);
    return path;
}

static const struct {
    enum mem_kind kind;
    const char *shown[2]; /* in its line of maps */
} kinds[] = {
    { MEM_MALLOC, { "rw", "p " } },
    { MEM_MMAP, { "rw-p", "rw-p" } },
    { MEM_MMAPSHARED, { "rw-s", "/dev/zero (deleted)" } },
    { MEM_SHM, { "rw-s", "/SYSV" } },
};

START_TEST(each_kind_is_what_it_is_called)
{
    struct io_memory memory;

    ck_assert_int_eq(get(&memory, kinds[_i].kind, NULL, 0), 0);
    ck_assert_uint_eq((uintptr_t)memory.start % ALIGN, 0);
    memset(memory.start, 0x5a, BYTES);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_msg(strstr(mapping_of(memory.start), kinds[_i].shown[i]), "%s", mapping_of(memory.start));
    ck_assert_str_eq(mapping_of(memory.start), mapping_of(memory.start + BYTES - 1));
    const void *was = memory.start;

    io_memory_put(&memory);
    ck_assert_ptr_null(memory.start);
    if (kinds[_i].kind != MEM_MALLOC)
        ck_assert_str_eq(mapping_of(was), "");
}
END_TEST

/* The size of the pages under an address, by smaps. */
static unsigned long page_kib(const void *address)
{
    FILE *smaps = fopen("/proc/self/smaps", "re");
    unsigned long begin, end, at = (unsigned long)(uintptr_t)address, kib = 0;
    char line[512];
    bool here = false;

    ck_assert_ptr_nonnull(smaps);
    while (fgets(line, sizeof(line), smaps) && !(here && sscanf(line, "KernelPageSize: %lu kB", &kib) == 1))
        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            here = begin <= at && at < end;
    fclose(smaps);
    return kib;
}

START_TEST(huge_pages_are_huge_or_refused_with_the_reason)
{
    const enum mem_kind huge[] = { MEM_MMAPHUGE, MEM_SHMHUGE };
    struct io_memory memory;

    if (tests_run_under_valgrind())
        test_skip("valgrind gives small pages in place of huge ones");
    int rc = get(&memory, huge[_i], NULL, 0);

    if (rc) {
        ck_assert_ptr_null(memory.start);
        ck_assert_msg(strstr(why, "huge pages"), "%s", why);
        return;
    }
    ck_assert_uint_gt(page_kib(memory.start), 4);
    memset(memory.start, 0x5a, BYTES);
    io_memory_put(&memory);
}
END_TEST

START_TEST(a_file_that_was_not_there_is_gone_after_use)
{
    const enum mem_kind mapped[] = { MEM_MMAP, MEM_MMAPSHARED };
    struct io_memory memory[2];
    char path[64];

    path_or_fail(path);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_msg(get(&memory[i], mapped[_i], path, i) == 0, "%s", why);
        ck_assert_ptr_nonnull(strstr(mapping_of(memory[i].start), path));
        ck_assert_ptr_nonnull(strstr(mapping_of(memory[i].start), _i ? "rw-s" : "rw-p"));
        memset(memory[i].start, (int)i + 1, BYTES);
        ck_assert_int_eq(access(path, F_OK), -1);
    }
    ck_assert_int_eq(memory[0].start[BYTES - 1], 1); /* they share nothing */
    for (unsigned i = 0; i < 2; i++)
        io_memory_put(&memory[i]);
}
END_TEST

START_TEST(a_file_that_is_there_is_shared_part_by_part)
{
    struct io_memory memory[2];
    char path[64];
    char byte = 0;
    int fd = open(path_or_fail(path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 4 << 20), 0);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_msg(get(&memory[i], MEM_MMAPSHARED, path, i) == 0, "%s", why);
        memset(memory[i].start, (int)i + 1, BYTES);
    }
    for (unsigned i = 0; i < 2; i++) {
        off_t at = (off_t)(i * memory[i].mapping_bytes) + (memory[i].start - (char *)memory[i].mapping);

        ck_assert_int_eq(pread(fd, &byte, 1, at + (off_t)BYTES - 1), 1);
        ck_assert_int_eq(byte, (int)i + 1);
        io_memory_put(&memory[i]);
    }
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    ck_assert_int_eq(get(&memory[0], MEM_MMAP, path, 0), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "are needed it has 4096"));
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(files_that_cannot_be_memory_are_refused)
{
    struct io_memory memory;
    char path[64];

    ck_assert_int_eq(get(&memory, MEM_MMAP, "/nonexistent/file", 0), -ENOENT);
    ck_assert_ptr_nonnull(strstr(why, "/nonexistent/file: No such file"));
    ck_assert_int_lt(get(&memory, MEM_MMAPSHARED, "/dev/lariat-no-such-device", 0), 0);
    ck_assert_int_eq(access("/dev/lariat-no-such-device", F_OK), -1);
    int rc = get(&memory, MEM_MMAPHUGE, path_or_fail(path), 0);

    ck_assert_int_lt(rc, 0);
    ck_assert_msg(strstr(why, rc == -EINVAL ? "not on a hugetlbfs" : "no huge pages"), "%s", why);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *memory = case_of(suite, "memory");

    tcase_add_loop_test(memory, each_kind_is_what_it_is_called, 0, sizeof(kinds) / sizeof(kinds[0]));
    tcase_add_loop_test(memory, huge_pages_are_huge_or_refused_with_the_reason, 0, 2);
    tcase_add_loop_test(memory, a_file_that_was_not_there_is_gone_after_use, 0, 2);
    tcase_add_test(memory, a_file_that_is_there_is_shared_part_by_part);
    tcase_add_test(memory, files_that_cannot_be_memory_are_refused);
}

int main(void)
{
    return suite_main_without_ring("bench_memory", add_cases);
}
