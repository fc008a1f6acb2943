/* SPDX-License-Identifier: MIT */
/* lariat-nbd: requests as they are read and judged, replies as they are put together, exports as they are typed. */
#include "support.h"

#include <errno.h>

#include "export_spec.h"
#include "reply.h"
#include "wire.h"

#define SIZE 10000u
#define WRITABLE                                                                                                      \
    (NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES | \
     NBD_FLAG_SEND_DF | NBD_FLAG_SEND_CACHE | NBD_FLAG_SEND_FAST_ZERO)

static const struct agreement writable = { .size_bytes = SIZE, .flags = WRITABLE, .structured = true, .allocation = true };
static const struct agreement readonly = { .size_bytes = SIZE, .flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY };

static enum nbd_error judged(const struct agreement *agreement, unsigned type, unsigned flags, uint64_t offset,
                             uint32_t length)
{
    const struct nbd_request request = {
        .type = (uint16_t)type, .flags = (uint16_t)flags, .offset = offset, .length = length
    };

    return request_check(&request, agreement);
}

START_TEST(a_request_is_read_from_its_bytes)
{
    static const uint8_t bytes[NBD_REQUEST_BYTES] = { 0x25, 0x60, 0x95, 0x13, 0, 1, 0, 6, 1, 2, 3, 4, 5,  6,
                                                      7,    8,    0,    0,    0, 0, 0, 1, 0, 2, 0, 0, 16, 1 };
    struct nbd_request request;

    ck_assert(request_parse(bytes, &request));
    ck_assert_uint_eq(request.flags, NBD_CMD_FLAG_FUA);
    ck_assert_uint_eq(request.type, NBD_CMD_WRITE_ZEROES);
    ck_assert_uint_eq(request.cookie, UINT64_C(0x0102030405060708));
    ck_assert_uint_eq(request.offset, 0x10002);
    ck_assert_uint_eq(request.length, 4097);
}
END_TEST

START_TEST(without_the_magic_number_it_is_no_request)
{
    uint8_t bytes[NBD_REQUEST_BYTES] = { 0x25, 0x60, 0x95, 0x14 };
    struct nbd_request request;

    ck_assert(!request_parse(bytes, &request));
}
END_TEST

START_TEST(a_range_must_lie_within_the_export)
{
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, 0, 0, SIZE), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, 0, 1, SIZE), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, 0, SIZE, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, 0, UINT64_MAX, 2), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, 0, 0, 0), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE, 0, SIZE - 1, 2), NBD_ENOSPC);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE, 0, UINT64_MAX - 1, 4), NBD_ENOSPC);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE_ZEROES, 0, 1, UINT32_MAX), NBD_ENOSPC);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_TRIM, 0, 1, UINT32_MAX), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_CACHE, 0, SIZE - 1, 2), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_BLOCK_STATUS, 0, SIZE - 1, 2), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_BLOCK_STATUS, 0, SIZE - 1, 1), NBD_SUCCESS);
}
END_TEST

START_TEST(a_read_is_no_longer_than_the_largest_block)
{
    struct agreement large = writable;

    large.size_bytes = UINT64_C(1) << 40;
    ck_assert_uint_eq(judged(&large, NBD_CMD_READ, 0, 0, NBD_LENGTH_MAX), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&large, NBD_CMD_READ, 0, 0, NBD_LENGTH_MAX + 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&large, NBD_CMD_READ, NBD_CMD_FLAG_DF, 0, NBD_LENGTH_MAX + 1), NBD_EOVERFLOW);
    ck_assert_uint_eq(judged(&large, NBD_CMD_TRIM, 0, 0, UINT32_MAX), NBD_SUCCESS);
}
END_TEST

START_TEST(of_a_read_only_export_nothing_is_changed)
{
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_READ, 0, 0, 1), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_WRITE, 0, 0, 1), NBD_EPERM);
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_TRIM, 0, 0, 1), NBD_EPERM);
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_WRITE_ZEROES, 0, 0, 1), NBD_EPERM);
}
END_TEST

START_TEST(a_flag_goes_with_its_command_only)
{
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE, NBD_CMD_FLAG_FUA, 0, 1), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE, NBD_CMD_FLAG_NO_HOLE, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE, 1u << 15, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, NBD_CMD_FLAG_DF, 0, 1), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_READ, NBD_CMD_FLAG_DF, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO, 0, 1),
                      NBD_SUCCESS);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_BLOCK_STATUS, NBD_CMD_FLAG_REQ_ONE, 0, 1), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_READ, NBD_CMD_FLAG_REQ_ONE, 0, 1), NBD_EINVAL);
}
END_TEST

START_TEST(what_was_not_agreed_on_or_is_unknown_is_invalid)
{
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_BLOCK_STATUS, 0, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&readonly, NBD_CMD_CACHE, 0, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_FLUSH, 0, 0, 0), NBD_SUCCESS);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_FLUSH, 0, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, NBD_CMD_FLUSH, 0, 1, 0), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, 8, 0, 0, 1), NBD_EINVAL);
    ck_assert_uint_eq(judged(&writable, UINT16_MAX, 0, 0, 1), NBD_EINVAL);
}
END_TEST

START_TEST(a_simple_reply_has_error_and_cookie)
{
    const struct nbd_request request = { .type = NBD_CMD_READ, .cookie = 7 };
    uint8_t head[REPLY_HEAD_MAX];

    ck_assert_uint_eq(reply_head(head, &request, &readonly, NBD_EIO, 0), NBD_SIMPLE_REPLY_BYTES);
    ck_assert_uint_eq(load_be32(head), NBD_SIMPLE_REPLY_MAGIC);
    ck_assert_uint_eq(load_be32(head + 4), NBD_EIO);
    ck_assert_uint_eq(load_be64(head + 8), 7);
}
END_TEST

START_TEST(a_structured_read_is_one_chunk_with_its_offset)
{
    const struct nbd_request request = { .type = NBD_CMD_READ, .cookie = 7, .offset = 4096 };
    uint8_t head[REPLY_HEAD_MAX];

    ck_assert_uint_eq(reply_head(head, &request, &writable, NBD_SUCCESS, 512), 28);
    ck_assert_uint_eq(load_be32(head), NBD_STRUCTURED_REPLY_MAGIC);
    ck_assert_uint_eq(load_be16(head + 4), NBD_REPLY_FLAG_DONE);
    ck_assert_uint_eq(load_be16(head + 6), NBD_REPLY_TYPE_OFFSET_DATA);
    ck_assert_uint_eq(load_be64(head + 8), 7);
    ck_assert_uint_eq(load_be32(head + 16), 8 + 512);
    ck_assert_uint_eq(load_be64(head + 20), 4096);
}
END_TEST

START_TEST(a_structured_error_is_one_chunk)
{
    const struct nbd_request request = { .type = NBD_CMD_READ };
    uint8_t head[REPLY_HEAD_MAX];

    ck_assert_uint_eq(reply_head(head, &request, &writable, NBD_EINVAL, 0), 26);
    ck_assert_uint_eq(load_be16(head + 6), NBD_REPLY_TYPE_ERROR);
    ck_assert_uint_eq(load_be32(head + 16), 6);
    ck_assert_uint_eq(load_be32(head + 20), NBD_EINVAL);
    ck_assert_uint_eq(load_be16(head + 24), 0);
}
END_TEST

START_TEST(extents_follow_the_id_of_their_context)
{
    const struct nbd_request request = { .type = NBD_CMD_BLOCK_STATUS };
    uint8_t head[REPLY_HEAD_MAX], extent[NBD_EXTENT_BYTES];

    ck_assert_uint_eq(reply_head(head, &request, &writable, NBD_SUCCESS, 2 * NBD_EXTENT_BYTES), 24);
    ck_assert_uint_eq(load_be16(head + 6), NBD_REPLY_TYPE_BLOCK_STATUS);
    ck_assert_uint_eq(load_be32(head + 16), 4 + 2 * NBD_EXTENT_BYTES);
    ck_assert_uint_eq(load_be32(head + 20), ALLOCATION_CONTEXT_ID);
    reply_extent(extent, 65536, NBD_STATE_HOLE | NBD_STATE_ZERO);
    ck_assert_uint_eq(load_be32(extent), 65536);
    ck_assert_uint_eq(load_be32(extent + 4), 3);
}
END_TEST

START_TEST(what_is_not_read_or_asked_gets_a_simple_reply_in_any_case)
{
    const struct nbd_request request = { .type = NBD_CMD_WRITE };
    uint8_t head[REPLY_HEAD_MAX];

    ck_assert_uint_eq(reply_head(head, &request, &writable, NBD_SUCCESS, 0), NBD_SIMPLE_REPLY_BYTES);
}
END_TEST

START_TEST(errors_of_the_system_have_their_likes_in_the_protocol)
{
    ck_assert_uint_eq(nbd_error_of(0), NBD_SUCCESS);
    ck_assert_uint_eq(nbd_error_of(-EROFS), NBD_EPERM);
    ck_assert_uint_eq(nbd_error_of(-EDQUOT), NBD_ENOSPC);
    ck_assert_uint_eq(nbd_error_of(-EOPNOTSUPP), NBD_ENOTSUP);
    ck_assert_uint_eq(nbd_error_of(-ESHUTDOWN), NBD_ESHUTDOWN);
    ck_assert_uint_eq(nbd_error_of(-ENXIO), NBD_EIO);
}
END_TEST

static struct export_spec spec;

static void spec_or_fail(const char *text)
{
    char *errmsg;

    ck_assert_msg(export_spec_parse(&spec, text, false, &errmsg) == 0, "%s: %s", text, errmsg);
}

START_TEST(an_export_is_read_from_its_pairs)
{
    spec_or_fail("name=a,,b,path=/x=y,readonly,description=two words");
    ck_assert_str_eq(spec.name, "a,b");
    ck_assert_str_eq(spec.path, "/x=y");
    ck_assert_str_eq(spec.description, "two words");
    ck_assert(spec.readonly && !spec.direct && !spec.force);
    export_spec_free(&spec);
    spec_or_fail("path=/x,cache=none,readonly=off");
    ck_assert_str_eq(spec.name, "");
    ck_assert(!spec.readonly && spec.direct);
    export_spec_free(&spec);
}
END_TEST

START_TEST(of_an_export_that_is_none_the_reason_is_told)
{
    static const struct {
        const char *text, *words;
    } bad[] = { { "", "path=" },
                { "name=x", "path=" },
                { "path=", "path=" },
                { "path", "needs a value" },
                { "path=/x,readnly", "did you mean readonly" },
                { "path=/x,readonly=maybe", "must be on or off" },
                { "path=/x,cache=directsync", "must be none or writeback" } };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *errmsg;

        ck_assert_int_eq(export_spec_parse(&spec, bad[i].text, false, &errmsg), -EINVAL);
        ck_assert_msg(errmsg && strstr(errmsg, bad[i].words), "%s: %s", bad[i].text, errmsg);
        free(errmsg);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *requests = case_of(suite, "requests");
    tcase_add_test(requests, a_request_is_read_from_its_bytes);
    tcase_add_test(requests, without_the_magic_number_it_is_no_request);
    tcase_add_test(requests, a_range_must_lie_within_the_export);
    tcase_add_test(requests, a_read_is_no_longer_than_the_largest_block);
    tcase_add_test(requests, of_a_read_only_export_nothing_is_changed);
    tcase_add_test(requests, a_flag_goes_with_its_command_only);
    tcase_add_test(requests, what_was_not_agreed_on_or_is_unknown_is_invalid);
    TCase *replies = case_of(suite, "replies");
    tcase_add_test(replies, a_simple_reply_has_error_and_cookie);
    tcase_add_test(replies, a_structured_read_is_one_chunk_with_its_offset);
    tcase_add_test(replies, a_structured_error_is_one_chunk);
    tcase_add_test(replies, extents_follow_the_id_of_their_context);
    tcase_add_test(replies, what_is_not_read_or_asked_gets_a_simple_reply_in_any_case);
    tcase_add_test(replies, errors_of_the_system_have_their_likes_in_the_protocol);
    TCase *specs = case_of(suite, "exports");
    tcase_add_test(specs, an_export_is_read_from_its_pairs);
    tcase_add_test(specs, of_an_export_that_is_none_the_reason_is_told);
}

int main(void)
{
    return suite_main_without_ring("nbd_request", add);
}
