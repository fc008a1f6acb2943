/* SPDX-License-Identifier: MIT */
/* LARIAT_OP_FULL, the bookkeeping alone, with results that no kernel gives on demand. */
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>

#include "op.h"
#include "support.h"

static struct lariat_op full_op(enum lariat_op_kind kind, struct op_request request)
{
    struct lariat_op op = { .flags = LARIAT_OP_FULL };
    op_priv(&op)->kind = (uint8_t)kind;
    op_priv(&op)->state = OP_IN_RING;
    op_priv(&op)->request = request;
    ck_assert_int_eq(op_full_begin(&op), 0);
    return op;
}

/* O_DIRECT: what is read again begins where the offset, the memory and the lengths are as aligned as they were. */
START_TEST(the_rest_of_a_vector_is_aligned_once_the_kernel_asks_for_it)
{
    static char memory[8192] __attribute__((aligned(4096)));
    static const struct {
        size_t begin, first_len, second_len; /* two pieces of memory */
        uint32_t again;                      /* how many of 700 bytes are transferred once more */
    } cases[] = { { 0, 4096, 4096, 700 }, { 0, 3584, 512, 700 % 512 }, { 64, 4096, 4096, 700 % 64 }, { 0, 3995, 101, 0 } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct iovec iov[] = { { memory, cases[i].first_len }, { memory + cases[i].begin, cases[i].second_len } };
        const struct op_request request = { .opcode = IORING_OP_READV, .len = 2, .addr = (uintptr_t)iov };
        struct lariat_op op = full_op(LARIAT_OP_KIND_READ, request);
        int moved = 700, refused = -EINVAL;
        ck_assert(!op_full_step(&op, &moved));
        ck_assert_uint_eq(op_priv(&op)->done, 700);
        ck_assert_int_eq(op_full_step(&op, &refused), cases[i].again == 0);
        ck_assert_uint_eq(op_priv(&op)->tail, cases[i].again);
        ck_assert_uint_eq(op_priv(&op)->done, 700 - cases[i].again);
    }
}
END_TEST

/* A write of 4096 bytes, all of it aligned, of which the kernel took 1024, and then says `second`, and then `third`. */
static int result_of_a_write_that_meets(int second, int third)
{
    struct lariat_op op = full_op(LARIAT_OP_KIND_WRITE, (struct op_request){ .opcode = IORING_OP_WRITE, .len = 4096 });
    int res = 1024;
    ck_assert(!op_full_step(&op, &res));
    res = second;
    if (!op_full_step(&op, &res)) {
        res = third;
        ck_assert(op_full_step(&op, &res));
    }
    return res;
}

START_TEST(an_aligned_write_that_is_short_ends_with_what_stands_in_its_way)
{
    ck_assert_int_eq(result_of_a_write_that_meets(-ENOSPC, 0), -ENOSPC);
    ck_assert_int_eq(result_of_a_write_that_meets(-EIO, 0), -EIO);
    ck_assert_int_eq(result_of_a_write_that_meets(3072, 0), 4096);
    ck_assert_int_eq(result_of_a_write_that_meets(-EINVAL, 4096), 4096); /* O_DIRECT: from the start */
    ck_assert_int_eq(result_of_a_write_that_meets(-EINVAL, 1024), 1024);
    ck_assert_int_eq(result_of_a_write_that_meets(-EINVAL, -EINVAL), -EINVAL);
    ck_assert_int_eq(result_of_a_write_that_meets(-EINVAL, -ENOSPC), -ENOSPC);
}
END_TEST

START_TEST(a_full_read_cancelled_while_it_waits_tells_what_it_has)
{
    static const int parts[] = { 0, 40 };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const struct op_request request = { .opcode = IORING_OP_READ, .len = 100, .offset = UINT64_MAX };
        struct lariat_op op = full_op(LARIAT_OP_KIND_READ, request);
        int res = parts[i], again = -EAGAIN, ready = POLLIN;
        if (res > 0)
            ck_assert(!op_full_step(&op, &res));
        ck_assert(!op_full_step(&op, &again));
        op_priv(&op)->bits |= OP_CANCELLED;
        ck_assert(op_full_step(&op, &ready));
        ck_assert_int_eq(ready, parts[i] ? parts[i] : -ECANCELED);
    }
}
END_TEST

/* A stream of which 42 of 100 bytes came, and then an error. */
static bool is_the_end(int error, unsigned bits)
{
    const struct op_request request = { .opcode = IORING_OP_RECV, .len = 100 };
    struct lariat_op op = full_op(LARIAT_OP_KIND_RECV, request);
    int moved = 42, res = error;
    ck_assert(!op_full_step(&op, &moved));
    op_priv(&op)->bits |= (uint8_t)bits;
    bool end = op_full_step(&op, &res);
    ck_assert_int_eq(res, error);
    return end;
}

START_TEST(a_stream_has_no_alignment_and_a_cancelled_op_does_not_go_on)
{
    ck_assert(is_the_end(-EINVAL, 0));
    ck_assert(!is_the_end(-EINTR, 0));
    ck_assert(is_the_end(-EINTR, OP_CANCELLED));
    ck_assert(is_the_end(-EAGAIN, OP_CANCELLED));
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "steps");
    tcase_add_test(tc, a_stream_has_no_alignment_and_a_cancelled_op_does_not_go_on);
    tcase_add_test(tc, the_rest_of_a_vector_is_aligned_once_the_kernel_asks_for_it);
    tcase_add_test(tc, an_aligned_write_that_is_short_ends_with_what_stands_in_its_way);
    tcase_add_test(tc, a_full_read_cancelled_while_it_waits_tells_what_it_has);
}

int main(void)
{
    return suite_main_without_ring("op_full_steps", add);
}
