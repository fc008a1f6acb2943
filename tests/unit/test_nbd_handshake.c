/* SPDX-License-Identifier: MIT */
/* lariat-nbd: the handshake, byte by byte. */
#include "support.h"

#include <unistd.h>

#include "handshake.h"
#include "wire.h"

#define SIZE 12345u

static struct export_set *set;
static struct handshake handshake;
static struct bytes answer;
static uint8_t sent[HANDSHAKE_OPTION_MAX + 64];
static size_t n_sent;

/* Two exports of the same file: "disk", which may be written to, and "ro" with a description. */
static void begin(enum tls_mode tls_mode)
{
    char specs[2][64], *errmsg, *list[] = { specs[0], specs[1] };
    int fd = temp_file_or_fail(SIZE, 0);

    snprintf(specs[0], sizeof(specs[0]), "name=disk,path=/proc/self/fd/%d", fd);
    snprintf(specs[1], sizeof(specs[1]), "name=ro,path=/proc/self/fd/%d,readonly,description=a copy", fd);
    const struct export_source source = { .specs = list, .n_specs = 2 };
    ck_assert_msg(export_set_load(&source, NULL, &set, &errmsg) == 0, "%s", errmsg);
    close(fd);
    handshake_begin(&handshake, set, tls_mode, &answer);
    ck_assert_uint_eq(answer.n, NBD_GREETING_BYTES);
    ck_assert_uint_eq(load_be64(answer.data), NBD_MAGIC);
    ck_assert_uint_eq(load_be16(answer.data + 16), NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
    bytes_remove(&answer, answer.n);
    n_sent = 0;
}

static void end(void)
{
    handshake_end(&handshake);
    export_set_unref(set);
    bytes_free(&answer);
}

static void say(const void *data, size_t n)
{
    ck_assert_uint_le(n_sent + n, sizeof(sent));
    if (n)
        memcpy(sent + n_sent, data, n);
    n_sent += n;
}

static void say32(uint32_t value)
{
    uint8_t bytes[4];

    store_be32(bytes, value);
    say(bytes, sizeof(bytes));
}

static void say16(unsigned value)
{
    uint8_t bytes[2];

    store_be16(bytes, (uint16_t)value);
    say(bytes, sizeof(bytes));
}

static void say_text(const char *text)
{
    say32((uint32_t)strlen(text));
    say(text, strlen(text));
}

static void say_option(uint32_t option, uint32_t length)
{
    uint8_t magic[8];

    store_be64(magic, NBD_OPTION_MAGIC);
    say(magic, sizeof(magic));
    say32(option);
    say32(length);
}

/* Feed what was said, first one byte too few, so that each message is also seen cut off. */
static enum handshake_verdict fed(void)
{
    enum handshake_verdict verdict = HANDSHAKE_GO_ON;
    size_t done = 0;

    while (done < n_sent && verdict == HANDSHAKE_GO_ON) {
        size_t taken = handshake_feed(&handshake, sent + done, n_sent - done, &answer, &verdict);
        ck_assert(taken > 0 || verdict != HANDSHAKE_GO_ON);
        done += taken;
    }
    n_sent = 0;
    return verdict;
}

static void begin_with_flags(enum tls_mode tls_mode, uint32_t flags)
{
    begin(tls_mode);
    say32(flags);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
}

/* Take one reply off the answer: its type, which must be for that option; its data stay in `data`. */
static uint8_t data[512];
static uint32_t n_data;
static uint32_t replied(uint32_t option)
{
    ck_assert_uint_ge(answer.n, 20);
    ck_assert_uint_eq(load_be64(answer.data), NBD_OPTION_REPLY_MAGIC);
    ck_assert_uint_eq(load_be32(answer.data + 8), option);
    uint32_t type = load_be32(answer.data + 12);
    n_data = load_be32(answer.data + 16);
    ck_assert_uint_le(n_data, sizeof(data));
    ck_assert_uint_ge(answer.n, 20 + n_data);
    memcpy(data, answer.data + 20, n_data);
    bytes_remove(&answer, 20 + n_data);
    return type;
}

static void says(uint32_t option, uint32_t type)
{
    ck_assert_uint_eq(replied(option), type);
}

static void nothing_else(void)
{
    ck_assert_uint_eq(answer.n, 0);
}

static void say_structured(void)
{
    say_option(NBD_OPT_STRUCTURED_REPLY, 0);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    says(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK);
}

static void say_meta(uint32_t option, const char *name, const char *query)
{
    say_option(option, (uint32_t)(8 + strlen(name) + (query ? 4 + strlen(query) : 0)));
    say_text(name);
    say32(query != NULL);
    if (query)
        say_text(query);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
}

static enum handshake_verdict say_go(uint32_t option, const char *name)
{
    say_option(option, (uint32_t)(6 + strlen(name)));
    say_text(name);
    say16(0);
    return fed();
}

START_TEST(flags_that_were_not_offered_end_it)
{
    begin(TLS_OFF);
    say32(4);
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    end();
}
END_TEST

START_TEST(by_export_name_the_export_follows_at_once)
{
    for (uint32_t flags = 1; flags <= 3; flags += 2) {
        begin_with_flags(TLS_OFF, flags);
        say_option(NBD_OPT_EXPORT_NAME, 4);
        say("disk", 4);
        ck_assert_int_eq(fed(), HANDSHAKE_DONE);
        ck_assert_uint_eq(answer.n, flags & NBD_FLAG_NO_ZEROES ? 10 : 134);
        ck_assert_uint_eq(load_be64(answer.data), SIZE);
        ck_assert_uint_eq(load_be16(answer.data + 8), handshake.agreement.flags);
        ck_assert_str_eq(handshake.export->spec.name, "disk");
        end();
    }
}
END_TEST

START_TEST(an_unknown_name_ends_it_or_is_unknown)
{
    begin_with_flags(TLS_OFF, 3);
    ck_assert_int_eq(say_go(NBD_OPT_GO, "dis"), HANDSHAKE_GO_ON);
    says(NBD_OPT_GO, NBD_REP_ERR_UNKNOWN);
    say_option(NBD_OPT_EXPORT_NAME, 3);
    say("dis", 3);
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    nothing_else();
    end();
}
END_TEST

START_TEST(go_tells_of_the_export_and_info_too)
{
    begin_with_flags(TLS_OFF, 3);
    for (uint32_t option = NBD_OPT_INFO; option <= NBD_OPT_GO; option++) {
        ck_assert_int_eq(say_go(option, "ro"), option == NBD_OPT_GO ? HANDSHAKE_DONE : HANDSHAKE_GO_ON);
        says(option, NBD_REP_INFO);
        ck_assert_uint_eq(load_be16(data), NBD_INFO_EXPORT);
        ck_assert_uint_eq(load_be64(data + 2), SIZE);
        ck_assert_uint_eq(load_be16(data + 10), handshake.agreement.flags);
        says(option, NBD_REP_INFO);
        ck_assert_uint_eq(load_be16(data), NBD_INFO_BLOCK_SIZE);
        ck_assert_uint_eq(load_be32(data + 2), 1);
        ck_assert_uint_eq(load_be32(data + 6), 4096);
        ck_assert_uint_eq(load_be32(data + 10), NBD_LENGTH_MAX);
        says(option, NBD_REP_ACK);
    }
    ck_assert(handshake.agreement.flags & NBD_FLAG_READ_ONLY && handshake.agreement.flags & NBD_FLAG_CAN_MULTI_CONN);
    ck_assert(!(handshake.agreement.flags & (NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_DF)));
    nothing_else();
    end();
}
END_TEST

START_TEST(name_and_description_are_told_when_asked_for)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_INFO, 6 + 2 + 2 * 4);
    say_text("ro");
    say16(4);
    say16(NBD_INFO_NAME);
    say16(77);
    say16(NBD_INFO_DESCRIPTION);
    say16(NBD_INFO_NAME);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    says(NBD_OPT_INFO, NBD_REP_INFO);
    says(NBD_OPT_INFO, NBD_REP_INFO);
    says(NBD_OPT_INFO, NBD_REP_INFO);
    ck_assert(n_data == 4 && load_be16(data) == NBD_INFO_NAME && memcmp(data + 2, "ro", 2) == 0);
    says(NBD_OPT_INFO, NBD_REP_INFO);
    ck_assert(n_data == 8 && load_be16(data) == NBD_INFO_DESCRIPTION && memcmp(data + 2, "a copy", 6) == 0);
    says(NBD_OPT_INFO, NBD_REP_ACK);
    nothing_else();
    end();
}
END_TEST

START_TEST(a_list_has_all_exports)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_LIST, 0);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    says(NBD_OPT_LIST, NBD_REP_SERVER);
    ck_assert(n_data == 8 && load_be32(data) == 4 && memcmp(data + 4, "disk", 4) == 0);
    says(NBD_OPT_LIST, NBD_REP_SERVER);
    ck_assert(n_data == 12 && load_be32(data) == 2 && memcmp(data + 4, "roa copy", 8) == 0);
    says(NBD_OPT_LIST, NBD_REP_ACK);
    nothing_else();
    end();
}
END_TEST

START_TEST(without_a_name_the_first_is_served)
{
    begin_with_flags(TLS_OFF, 3);
    ck_assert_int_eq(say_go(NBD_OPT_GO, ""), HANDSHAKE_DONE);
    ck_assert_str_eq(handshake.export->spec.name, "disk");
    end();
}
END_TEST

START_TEST(abort_is_acknowledged_and_ends_it)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_ABORT, 2);
    say16(0);
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    ck_assert(handshake.aborted);
    says(NBD_OPT_ABORT, NBD_REP_ACK);
    nothing_else();
    end();
}
END_TEST

START_TEST(an_unknown_option_is_refused_and_its_data_are_not_taken_for_the_next)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(99, 3);
    say("xyz", 3);
    say_option(NBD_OPT_STRUCTURED_REPLY, 0);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    says(99, NBD_REP_ERR_UNSUP);
    says(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK);
    end();
}
END_TEST

START_TEST(an_option_without_the_magic_number_ends_it)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_LIST, 0);
    sent[7] ^= 1;
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    nothing_else();
    end();
}
END_TEST

START_TEST(an_option_that_is_too_long_is_thrown_away_and_refused)
{
    static const uint8_t junk[3000];

    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_INFO, 9000);
    for (int i = 0; i < 3; i++) {
        say(junk, sizeof(junk));
        nothing_else();
        ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    }
    says(NBD_OPT_INFO, NBD_REP_ERR_TOO_BIG);
    ck_assert_int_eq(say_go(NBD_OPT_GO, "disk"), HANDSHAKE_DONE);
    end();
}
END_TEST

START_TEST(a_length_of_four_gigabytes_ends_it)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_INFO, UINT32_MAX);
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    end();
}
END_TEST

START_TEST(an_export_name_that_is_too_long_ends_it)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_EXPORT_NAME, NBD_STRING_MAX + 1);
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    end();
}
END_TEST

/* Of GO with the name "disk" each length that does not fit its data. */
START_TEST(lengths_inside_an_option_that_do_not_fit_are_invalid)
{
    static const struct {
        uint32_t length, n_name;
        unsigned n_infos;
    } bad[] = { { 0, 4, 0 }, { 5, 4, 0 }, { 10, 5, 0 }, { 10, UINT32_MAX, 0 }, { 10, 4, 1 }, { 11, 4, 0 }, { 10, 3, 0 } };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin_with_flags(TLS_OFF, 3);
        say_option(NBD_OPT_GO, bad[i].length);
        say32(bad[i].n_name);
        say("disk", 4);
        say16(bad[i].n_infos);
        say("x", 1);
        n_sent = NBD_OPTION_HEADER_BYTES + bad[i].length;
        ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
        says(NBD_OPT_GO, NBD_REP_ERR_INVALID);
        nothing_else();
        end();
    }
}
END_TEST

START_TEST(a_message_cut_off_is_waited_for)
{
    enum handshake_verdict verdict;

    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_GO, 10);
    say_text("disk");
    say16(0);
    for (size_t n = 0; n < n_sent; n++) {
        ck_assert_uint_eq(handshake_feed(&handshake, sent, n, &answer, &verdict), 0);
        ck_assert_int_eq(verdict, HANDSHAKE_GO_ON);
    }
    nothing_else();
    ck_assert_int_eq(fed(), HANDSHAKE_DONE);
    end();
}
END_TEST

START_TEST(options_without_data_refuse_data)
{
    static const uint32_t options[] = { NBD_OPT_LIST, NBD_OPT_STRUCTURED_REPLY, NBD_OPT_STARTTLS };

    begin_with_flags(TLS_ALLOWED, 3);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        say_option(options[i], 1);
        say("x", 1);
        ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
        says(options[i], NBD_REP_ERR_INVALID);
    }
    end();
}
END_TEST

START_TEST(contexts_need_structured_replies)
{
    begin_with_flags(TLS_OFF, 3);
    say_meta(NBD_OPT_SET_META_CONTEXT, "disk", "base:allocation");
    says(NBD_OPT_SET_META_CONTEXT, NBD_REP_ERR_INVALID);
    nothing_else();
    end();
}
END_TEST

START_TEST(the_allocation_context_is_set_for_its_export_only)
{
    static const struct {
        const char *name;
        bool allocation;
    } goes[] = { { "disk", true }, { "ro", false } };

    for (size_t i = 0; i < 2; i++) {
        begin_with_flags(TLS_OFF, 3);
        say_structured();
        say_meta(NBD_OPT_SET_META_CONTEXT, "disk", "base:allocation");
        says(NBD_OPT_SET_META_CONTEXT, NBD_REP_META_CONTEXT);
        ck_assert(n_data == 19 && load_be32(data) == ALLOCATION_CONTEXT_ID && memcmp(data + 4, "base:allocation", 15) == 0);
        says(NBD_OPT_SET_META_CONTEXT, NBD_REP_ACK);
        ck_assert_int_eq(say_go(NBD_OPT_GO, goes[i].name), HANDSHAKE_DONE);
        ck_assert(handshake.agreement.allocation == goes[i].allocation);
        ck_assert(handshake.agreement.structured && handshake.agreement.flags & NBD_FLAG_SEND_DF);
        end();
    }
}
END_TEST

START_TEST(a_refused_set_forgets_the_one_before)
{
    begin_with_flags(TLS_OFF, 3);
    say_structured();
    say_meta(NBD_OPT_SET_META_CONTEXT, "disk", "base:allocation");
    says(NBD_OPT_SET_META_CONTEXT, NBD_REP_META_CONTEXT);
    says(NBD_OPT_SET_META_CONTEXT, NBD_REP_ACK);
    say_meta(NBD_OPT_SET_META_CONTEXT, "none", "base:allocation");
    says(NBD_OPT_SET_META_CONTEXT, NBD_REP_ERR_UNKNOWN);
    ck_assert_int_eq(say_go(NBD_OPT_GO, "disk"), HANDSHAKE_DONE);
    ck_assert(!handshake.agreement.allocation);
    end();
}
END_TEST

START_TEST(queries_list_and_select_as_the_protocol_says)
{
    static const struct {
        const char *query;
        bool listed, selected;
    } queries[] = { { NULL, true, false },
                    { "base:", true, false },
                    { "base:allocation", true, true },
                    { "base:allocatio", false, false },
                    { "other:x", false, false } };

    begin_with_flags(TLS_OFF, 3);
    say_structured();
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        say_meta(NBD_OPT_LIST_META_CONTEXT, "disk", queries[i].query);
        if (queries[i].listed)
            says(NBD_OPT_LIST_META_CONTEXT, NBD_REP_META_CONTEXT);
        says(NBD_OPT_LIST_META_CONTEXT, NBD_REP_ACK);
        say_meta(NBD_OPT_SET_META_CONTEXT, "disk", queries[i].query);
        if (queries[i].selected)
            says(NBD_OPT_SET_META_CONTEXT, NBD_REP_META_CONTEXT);
        says(NBD_OPT_SET_META_CONTEXT, NBD_REP_ACK);
        nothing_else();
    }
    end();
}
END_TEST

START_TEST(queries_that_do_not_fit_are_invalid)
{
    static const struct {
        uint32_t length, n_queries, n_query;
    } bad[] = { { 13, 2, 1 },          { 13, 1, 2 }, { 13, 1, UINT32_MAX }, { 13, 0, 1 },
                { 13, UINT32_MAX, 1 }, { 7, 1, 1 },  { 12, 1, 1 } };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin_with_flags(TLS_OFF, 3);
        say_structured();
        say_option(NBD_OPT_SET_META_CONTEXT, bad[i].length);
        say_text("");
        say32(bad[i].n_queries);
        say32(bad[i].n_query);
        say("b", 1);
        n_sent = NBD_OPTION_HEADER_BYTES + bad[i].length;
        ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
        says(NBD_OPT_SET_META_CONTEXT, NBD_REP_ERR_INVALID);
        end();
    }
}
END_TEST

START_TEST(tls_is_refused_where_it_is_off)
{
    begin_with_flags(TLS_OFF, 3);
    say_option(NBD_OPT_STARTTLS, 0);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    says(NBD_OPT_STARTTLS, NBD_REP_ERR_POLICY);
    end();
}
END_TEST

START_TEST(where_tls_is_required_nothing_is_told_before_it)
{
    begin_with_flags(TLS_REQUIRED, 3);
    say_option(NBD_OPT_LIST, 0);
    ck_assert_int_eq(fed(), HANDSHAKE_GO_ON);
    says(NBD_OPT_LIST, NBD_REP_ERR_TLS_REQD);
    ck_assert_int_eq(say_go(NBD_OPT_GO, "disk"), HANDSHAKE_GO_ON);
    says(NBD_OPT_GO, NBD_REP_ERR_TLS_REQD);
    nothing_else();
    say_option(NBD_OPT_STARTTLS, 0);
    ck_assert_int_eq(fed(), HANDSHAKE_STARTTLS);
    says(NBD_OPT_STARTTLS, NBD_REP_ACK);
    handshake.tls = true;
    ck_assert_int_eq(say_go(NBD_OPT_GO, "disk"), HANDSHAKE_DONE);
    end();
}
END_TEST

START_TEST(where_tls_is_required_an_export_name_ends_it)
{
    begin_with_flags(TLS_REQUIRED, 3);
    say_option(NBD_OPT_EXPORT_NAME, 4);
    say("disk", 4);
    ck_assert_int_eq(fed(), HANDSHAKE_CLOSE);
    nothing_else();
    end();
}
END_TEST

START_TEST(exports_read_anew_keep_what_is_the_same)
{
    char first[64], second[64], *errmsg, *list[] = { first, second };
    const struct export_source source = { .specs = list, .n_specs = 2 };
    struct export_set *again;
    int fd = temp_file_or_fail(SIZE, 0), other = temp_file_or_fail(SIZE, 0);

    snprintf(first, sizeof(first), "name=a,path=/proc/self/fd/%d", fd);
    snprintf(second, sizeof(second), "name=b,path=/proc/self/fd/%d", fd);
    ck_assert_int_eq(export_set_load(&source, NULL, &set, &errmsg), 0);
    snprintf(second, sizeof(second), "name=b,path=/proc/self/fd/%d", other);
    ck_assert_int_eq(export_set_load(&source, set, &again, &errmsg), 0);
    ck_assert_ptr_eq(set->exports[0], again->exports[0]);
    ck_assert_ptr_ne(set->exports[1], again->exports[1]);
    export_set_unref(set);
    close(fd);
    close(other);
    ck_assert_uint_eq(again->exports[0]->refs, 1);
    ck_assert(!export_is_current(again->exports[0]));
    export_set_unref(again);
}
END_TEST

START_TEST(exports_of_the_same_name_are_refused)
{
    char specs[64], *errmsg, *list[] = { specs, specs };
    const struct export_source source = { .specs = list, .n_specs = 2 };
    int fd = temp_file_or_fail(SIZE, 0), n_fds = count_fds();

    snprintf(specs, sizeof(specs), "name=a,path=/proc/self/fd/%d", fd);
    ck_assert_int_lt(export_set_load(&source, NULL, &set, &errmsg), 0);
    ck_assert_ptr_nonnull(strstr(errmsg, "two exports"));
    free(errmsg);
    ck_assert_int_eq(count_fds(), n_fds);
    close(fd);
}
END_TEST

static void add(Suite *suite)
{
    TCase *options = case_of(suite, "options");
    tcase_add_test(options, flags_that_were_not_offered_end_it);
    tcase_add_test(options, by_export_name_the_export_follows_at_once);
    tcase_add_test(options, an_unknown_name_ends_it_or_is_unknown);
    tcase_add_test(options, go_tells_of_the_export_and_info_too);
    tcase_add_test(options, name_and_description_are_told_when_asked_for);
    tcase_add_test(options, a_list_has_all_exports);
    tcase_add_test(options, without_a_name_the_first_is_served);
    tcase_add_test(options, abort_is_acknowledged_and_ends_it);
    tcase_add_test(options, an_unknown_option_is_refused_and_its_data_are_not_taken_for_the_next);
    TCase *hostile = case_of(suite, "hostile");
    tcase_add_test(hostile, an_option_without_the_magic_number_ends_it);
    tcase_add_test(hostile, an_option_that_is_too_long_is_thrown_away_and_refused);
    tcase_add_test(hostile, a_length_of_four_gigabytes_ends_it);
    tcase_add_test(hostile, an_export_name_that_is_too_long_ends_it);
    tcase_add_test(hostile, lengths_inside_an_option_that_do_not_fit_are_invalid);
    tcase_add_test(hostile, a_message_cut_off_is_waited_for);
    tcase_add_test(hostile, options_without_data_refuse_data);
    TCase *contexts = case_of(suite, "contexts");
    tcase_add_test(contexts, contexts_need_structured_replies);
    tcase_add_test(contexts, the_allocation_context_is_set_for_its_export_only);
    tcase_add_test(contexts, a_refused_set_forgets_the_one_before);
    tcase_add_test(contexts, queries_list_and_select_as_the_protocol_says);
    tcase_add_test(contexts, queries_that_do_not_fit_are_invalid);
    TCase *tls = case_of(suite, "tls");
    tcase_add_test(tls, tls_is_refused_where_it_is_off);
    tcase_add_test(tls, where_tls_is_required_nothing_is_told_before_it);
    tcase_add_test(tls, where_tls_is_required_an_export_name_ends_it);
    TCase *exports = case_of(suite, "exports");
    tcase_add_test(exports, exports_read_anew_keep_what_is_the_same);
    tcase_add_test(exports, exports_of_the_same_name_are_refused);
}

int main(void)
{
    return suite_main_without_ring("nbd_handshake", add);
}
