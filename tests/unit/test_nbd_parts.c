/* SPDX-License-Identifier: MIT */
/* lariat-nbd: its command line, its buffers, and where files have holes. */
#include "support.h"

#include <errno.h>
#include <unistd.h>

#include "args.h"
#include "buffer_pool.h"
#include "extents.h"
#include "reply.h"
#include "wire.h"

#define WORDS_MAX 12

static struct nbd_args args;
static char said[512];

/* Parse "lariat-nbd" and a line of words with single blanks between them. */
static int parse(const char *line)
{
    static char copy[256], *argv[WORDS_MAX + 1];
    int argc = 0;

    snprintf(copy, sizeof(copy), "lariat-nbd %s", line);
    for (char *word = strtok(copy, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    said[0] = '\0';
    FILE *err = fmemopen(said, sizeof(said), "w");
    ck_assert_ptr_nonnull(err);
    int rc = args_parse(&args, argc, argv, err);
    fclose(err);
    return rc;
}

START_TEST(options_have_their_values)
{
    ck_assert_msg(
        parse("--export=path=a --export path=b --socket=/s --max-memory=8m --idle-timeout=2m --cache=none --quiet") == 0,
        "%s", said);
    ck_assert_uint_eq(args.exports.n, 2);
    ck_assert_str_eq(args.exports.items[1], "path=b");
    ck_assert_str_eq(args.sockets.items[0], "/s");
    ck_assert_uint_eq(args.max_memory, 8u << 20);
    ck_assert_int_eq(args.idle_ns, INT64_C(120000000000));
    ck_assert_uint_eq(args.cache, 1);
    ck_assert(args.quiet && !args.help);
    args_free(&args);
}
END_TEST

START_TEST(what_is_not_given_is_the_default)
{
    ck_assert_int_eq(parse("--export=path=a"), 0);
    ck_assert_uint_eq(args.max_connections, 1024);
    ck_assert_uint_eq(args.max_requests, 256);
    ck_assert_uint_eq(args.max_memory, 64u << 20);
    ck_assert_int_eq(args.handshake_ns, INT64_C(10000000000));
    ck_assert_int_eq(args.idle_ns, 0);
    ck_assert_uint_eq(args.n_iothreads, 0);
    args_free(&args);
}
END_TEST

START_TEST(of_options_that_are_wrong_the_reason_is_told_in_a_line)
{
    static const struct {
        const char *line, *words;
    } bad[] = { { "--exprot=path=a", "did you mean --export" },
                { "--zzzzzzzz", "--help lists them" },
                { "--export", "needs a value" },
                { "--quiet=1", "takes no value" },
                { "--iothreads=0", "1 or more" },
                { "--iothreads=2000000", "1000000 or less" },
                { "--idle-timeout=x", "--idle-timeout=x" },
                { "--cache=no", "writeback|none" },
                { "--tls=maybe", "off|allowed|required" },
                { "disk.img", "is no option" },
                { "", "nothing to serve" },
                { "--export=path=a --handshake-timeout=0", "cannot be 0" },
                { "--export=path=a --iothreads=1 --iothread=id=a", "exclude each other" } };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(parse(bad[i].line) == -EINVAL, "'%s' was taken", bad[i].line);
        ck_assert_msg(strstr(said, bad[i].words), "'%s': %s", bad[i].line, said);
        ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
        args_free(&args);
    }
}
END_TEST

START_TEST(a_buffer_that_was_given_back_is_the_next_of_its_size)
{
    struct buffer_pool pool = { .n_kept = 0 };
    size_t small, large;
    uint8_t *first = buffer_pool_get(&pool, 1, &small), *second = buffer_pool_get(&pool, 4097, &large);

    ck_assert(small == 4096 && large == 8192);
    ck_assert_uint_eq((uintptr_t)first % 4096, 0);
    buffer_pool_put(&pool, first, small);
    buffer_pool_put(&pool, second, large);
    ck_assert_uint_eq(pool.n_kept, 4096 + 8192);
    ck_assert_ptr_eq(buffer_pool_get(&pool, 8192, &large), second);
    ck_assert_ptr_eq(buffer_pool_get(&pool, 100, &small), first);
    ck_assert_uint_eq(pool.n_kept, 0);
    buffer_pool_put(&pool, first, small);
    buffer_pool_put(&pool, second, large);
    buffer_pool_end(&pool, NULL);
    ck_assert_uint_eq(pool.n_kept, 0);
}
END_TEST

START_TEST(no_more_buffers_are_kept_than_the_limit)
{
    struct buffer_pool pool = { .n_kept = 0 };
    uint8_t *buffers[6];
    size_t size;

    for (int i = 0; i < 6; i++)
        buffers[i] = buffer_pool_get(&pool, (size_t)4 << 20, &size);
    for (int i = 0; i < 6; i++)
        buffer_pool_put(&pool, buffers[i], size);
    ck_assert_uint_eq(pool.n_kept, BUFFER_POOL_KEPT_MAX);
    uint8_t *huge = buffer_pool_get(&pool, ((size_t)32 << 20) + 1, &size);
    ck_assert_uint_eq(size, ((size_t)32 << 20) + 4096);
    buffer_pool_put(&pool, huge, size);
    buffer_pool_put(&pool, NULL, 0);
    ck_assert_uint_eq(pool.n_kept, BUFFER_POOL_KEPT_MAX);
    buffer_pool_end(&pool, NULL);
}
END_TEST

#define BLOCK 65536u

/* Data in the second block of four. */
static int file_with_holes(void)
{
    int fd = temp_file_or_fail(0, 0);

    ck_assert_int_eq(ftruncate(fd, 4 * BLOCK), 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, BLOCK), 1);
    ck_assert_int_eq(fsync(fd), 0);
    if (lseek(fd, 0, SEEK_DATA) != BLOCK) {
        close(fd);
        return -1;
    }
    return fd;
}

static void expect_extent(const uint8_t *place, unsigned i, uint32_t length, bool hole)
{
    ck_assert_uint_eq(load_be32(place + i * NBD_EXTENT_BYTES), length);
    ck_assert_uint_eq(load_be32(place + i * NBD_EXTENT_BYTES + 4), hole ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0);
}

START_TEST(extents_cover_the_range_from_its_beginning_to_its_end)
{
    uint8_t place[EXTENTS_MAX * NBD_EXTENT_BYTES];
    int fd = file_with_holes();

    if (fd < 0)
        test_skip("this file system tells nothing of holes");
    uint32_t data = (uint32_t)lseek(fd, BLOCK, SEEK_HOLE) - BLOCK;
    ck_assert_uint_eq(extents_read(fd, 0, 4 * BLOCK, EXTENTS_MAX, place), 3);
    expect_extent(place, 0, BLOCK, true);
    expect_extent(place, 1, data, false);
    expect_extent(place, 2, 3 * BLOCK - data, true);
    ck_assert_uint_eq(extents_read(fd, BLOCK - 7, 10, EXTENTS_MAX, place), 2);
    expect_extent(place, 0, 7, true);
    expect_extent(place, 1, 3, false);
    ck_assert_uint_eq(extents_read(fd, 3 * BLOCK + 1, BLOCK - 1, EXTENTS_MAX, place), 1);
    expect_extent(place, 0, BLOCK - 1, true);
    ck_assert_uint_eq(extents_read(fd, 0, 4 * BLOCK, 1, place), 1);
    expect_extent(place, 0, BLOCK, true);
    close(fd);
}
END_TEST

START_TEST(where_nobody_can_say_all_is_data)
{
    uint8_t place[NBD_EXTENT_BYTES];
    int fds[2];

    pipe_or_fail(fds);
    ck_assert_uint_eq(extents_read(fds[0], 100, 5000, 1, place), 1);
    expect_extent(place, 0, 5000, false);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

static void add(Suite *suite)
{
    TCase *options = case_of(suite, "options");
    tcase_add_test(options, options_have_their_values);
    tcase_add_test(options, what_is_not_given_is_the_default);
    tcase_add_test(options, of_options_that_are_wrong_the_reason_is_told_in_a_line);
    TCase *buffers = case_of(suite, "buffers");
    tcase_add_test(buffers, a_buffer_that_was_given_back_is_the_next_of_its_size);
    tcase_add_test(buffers, no_more_buffers_are_kept_than_the_limit);
    TCase *extents = case_of(suite, "extents");
    tcase_add_test(extents, extents_cover_the_range_from_its_beginning_to_its_end);
    tcase_add_test(extents, where_nobody_can_say_all_is_data);
}

int main(void)
{
    return suite_main_without_ring("nbd_parts", add);
}
