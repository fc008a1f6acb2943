/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <stddef.h>
#include <string.h>

#define FIRST_STEP_NS 4000
#define ESCAPE '\033'

static const struct {
    char byte;
    enum key key;
} plain_keys[] = {
    { 'k', KEY_UP },    { 'j', KEY_DOWN },  { 'g', KEY_FIRST }, { 'G', KEY_LAST },    { '+', KEY_RAISE },
    { '=', KEY_RAISE }, { '-', KEY_LOWER }, { '0', KEY_OFF },   { 's', KEY_SORT },    { 'p', KEY_PAUSE },
    { ' ', KEY_PAUSE }, { 'q', KEY_QUIT },  { 'Q', KEY_QUIT },  { '\f', KEY_REDRAW },
};

/* Behind ESC [ or ESC O. */
static const struct {
    const char *sequence;
    enum key key;
} escaped_keys[] = {
    { "A", KEY_UP },     { "B", KEY_DOWN },   { "5~", KEY_PAGE_UP }, { "6~", KEY_PAGE_DOWN }, { "H", KEY_FIRST },
    { "1~", KEY_FIRST }, { "7~", KEY_FIRST }, { "F", KEY_LAST },     { "4~", KEY_LAST },      { "8~", KEY_LAST },
};

static enum key plain_key(char byte)
{
    for (size_t i = 0; i < sizeof(plain_keys) / sizeof(plain_keys[0]); i++)
        if (plain_keys[i].byte == byte)
            return plain_keys[i].key;
    return KEY_NONE;
}

static enum key escaped_key(const char *sequence)
{
    for (size_t i = 0; i < sizeof(escaped_keys) / sizeof(escaped_keys[0]); i++)
        if (strcmp(escaped_keys[i].sequence, sequence) == 0)
            return escaped_keys[i].key;
    return KEY_NONE;
}

enum key key_parse(struct key_parser *parser, char byte)
{
    if (byte == ESCAPE) {
        parser->sequence[0] = byte;
        parser->n = 1;
        return KEY_NONE;
    }
    if (parser->n == 0)
        return plain_key(byte);
    if (parser->n == 1 && byte != '[' && byte != 'O') { /* ESC alone, and then a key */
        parser->n = 0;
        return plain_key(byte);
    }
    parser->sequence[parser->n++] = byte;
    /* A sequence ends with a letter or a tilde; one that gets too long is none of ours. */
    if (parser->n == 2 || (byte < '@' && parser->n < sizeof(parser->sequence) - 1))
        return KEY_NONE;
    parser->sequence[parser->n] = '\0';
    parser->n = 0;
    return escaped_key(parser->sequence + 2);
}

int64_t key_next_poll_max(int64_t poll_max_ns, int direction)
{
    if (direction < 0)
        return poll_max_ns / 2 < FIRST_STEP_NS ? 0 : poll_max_ns / 2;
    if (poll_max_ns <= 0)
        return FIRST_STEP_NS;
    return poll_max_ns > INT64_MAX / 2 ? INT64_MAX : poll_max_ns * 2;
}
