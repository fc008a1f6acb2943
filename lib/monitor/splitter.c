/* SPDX-License-Identifier: MIT */
#include "splitter.h"

#include <string.h>

#define RESYNC 0xff /* in no UTF-8 text */

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static unsigned depth(const struct monitor_splitter *splitter)
{
    return splitter->braces + splitter->brackets;
}

/* Leave the text, if there is one, for `mode`; its error has been told if it was being dropped. */
static enum monitor_split give_up(struct monitor_splitter *splitter, enum monitor_splitter_mode mode)
{
    bool told = splitter->mode == MONITOR_DROPPING || splitter->mode == MONITOR_RECOVERING;

    monitor_buffer_truncate(&splitter->text, 0);
    splitter->mode = mode;
    splitter->in_string = splitter->escaped = splitter->new_line = false;
    splitter->last = 0;
    splitter->braces = splitter->brackets = 0;
    return told ? MONITOR_SPLIT_MORE : MONITOR_SPLIT_BROKEN;
}

/* Refuse the text but go on looking for its end. */
static enum monitor_split drop(struct monitor_splitter *splitter, enum monitor_split why)
{
    if (splitter->mode == MONITOR_DROPPING)
        return MONITOR_SPLIT_MORE;
    monitor_buffer_truncate(&splitter->text, 0);
    splitter->mode = MONITOR_DROPPING;
    return why;
}

static enum monitor_split string_byte(struct monitor_splitter *splitter, unsigned char c)
{
    if (c < ' ')
        return give_up(splitter, c == '\n' ? MONITOR_BETWEEN : MONITOR_RECOVERING);
    if (splitter->escaped)
        splitter->escaped = false;
    else if (c == '\\')
        splitter->escaped = true;
    else if (c == '"')
        splitter->in_string = false;
    return MONITOR_SPLIT_MORE;
}

static enum monitor_split open_byte(struct monitor_splitter *splitter, unsigned char c)
{
    if (c == '{')
        splitter->braces++;
    else
        splitter->brackets++;
    return depth(splitter) > MONITOR_DEPTH_MAX ? drop(splitter, MONITOR_SPLIT_TOO_DEEP) : MONITOR_SPLIT_MORE;
}

static enum monitor_split close_byte(struct monitor_splitter *splitter, unsigned char c)
{
    unsigned *count = c == '}' ? &splitter->braces : &splitter->brackets;

    if (!*count)
        return give_up(splitter, MONITOR_RECOVERING);
    (*count)--;
    return MONITOR_SPLIT_MORE;
}

static enum monitor_split plain_byte(struct monitor_splitter *splitter, unsigned char c)
{
    enum monitor_split what = MONITOR_SPLIT_MORE;

    if (is_blank(c)) {
        splitter->new_line |= c == '\n';
        return what;
    }
    if (c == '"')
        splitter->in_string = true;
    else if (c == '{' || c == '[')
        what = open_byte(splitter, c);
    else if (c == '}' || c == ']')
        what = close_byte(splitter, c);
    splitter->last = c;
    splitter->new_line = false;
    return what;
}

/* Whoever forgot a closing brace begins anew in the next line, where JSON allows no brace. */
static bool begins_anew(const struct monitor_splitter *splitter, unsigned char c)
{
    return c == '{' && splitter->new_line && !splitter->in_string && !strchr(":,[", splitter->last);
}

static enum monitor_split keep(struct monitor_splitter *splitter, unsigned char c)
{
    char byte = (char)c;

    if (splitter->mode != MONITOR_INSIDE)
        return MONITOR_SPLIT_MORE;
    if (monitor_buffer_len(&splitter->text) == MONITOR_TEXT_MAX)
        return drop(splitter, MONITOR_SPLIT_TOO_LONG);
    if (monitor_buffer_append(&splitter->text, &byte, 1))
        return drop(splitter, MONITOR_SPLIT_NO_MEMORY);
    return MONITOR_SPLIT_MORE;
}

static enum monitor_split text_byte(struct monitor_splitter *splitter, unsigned char c)
{
    enum monitor_split what;

    if (c == RESYNC)
        return give_up(splitter, MONITOR_BETWEEN);
    what = splitter->in_string ? string_byte(splitter, c) : plain_byte(splitter, c);
    if (what == MONITOR_SPLIT_MORE)
        what = keep(splitter, c);
    if (splitter->mode == MONITOR_DROPPING && !depth(splitter)) {
        give_up(splitter, MONITOR_BETWEEN);
    } else if (splitter->mode == MONITOR_INSIDE && !depth(splitter)) {
        splitter->mode = MONITOR_BETWEEN;
        splitter->given = true;
        return MONITOR_SPLIT_TEXT;
    }
    return what;
}

static enum monitor_split between_byte(struct monitor_splitter *splitter, unsigned char c)
{
    if (is_blank(c))
        return MONITOR_SPLIT_MORE;
    if (c != '{' && c != '[')
        return give_up(splitter, c == RESYNC ? MONITOR_BETWEEN : MONITOR_RECOVERING);
    splitter->mode = MONITOR_INSIDE;
    return text_byte(splitter, c);
}

static enum monitor_split recovering_byte(struct monitor_splitter *splitter, unsigned char c)
{
    if (c == '\n' || c == RESYNC)
        splitter->mode = MONITOR_BETWEEN;
    if (c != '{')
        return MONITOR_SPLIT_MORE;
    splitter->mode = MONITOR_BETWEEN;
    return between_byte(splitter, c);
}

static enum monitor_split byte(struct monitor_splitter *splitter, unsigned char c)
{
    switch (splitter->mode) {
    case MONITOR_BETWEEN: return between_byte(splitter, c);
    case MONITOR_RECOVERING: return recovering_byte(splitter, c);
    case MONITOR_INSIDE:
    case MONITOR_DROPPING: break;
    }
    return text_byte(splitter, c);
}

size_t monitor_splitter_feed(struct monitor_splitter *splitter, const char *bytes, size_t n, enum monitor_split *what)
{
    if (splitter->given)
        give_up(splitter, MONITOR_BETWEEN);
    splitter->given = false;
    *what = MONITOR_SPLIT_MORE;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (depth(splitter) && begins_anew(splitter, c)) {
            *what = give_up(splitter, MONITOR_BETWEEN);
            if (*what != MONITOR_SPLIT_MORE)
                return i; /* the byte belongs to the next text */
        }
        *what = byte(splitter, c);
        if (*what != MONITOR_SPLIT_MORE)
            return i + 1;
    }
    return n;
}

void monitor_splitter_free(struct monitor_splitter *splitter)
{
    monitor_buffer_free(&splitter->text);
}
