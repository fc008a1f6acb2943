/* SPDX-License-Identifier: MIT */
/*
 * What a client of the control socket may send, without the socket: framing, JSON, commands. libFuzzer makes the bytes
 * (make check-fuzz); with a main() of its own the corpus is replayed by make check (fuzz_main.c).
 *
 * The bytes are given to two sessions, to one in a piece, to the other cut at places that the bytes decide. Each reply must be
 * a line of JSON with either a result or an error, and both sessions must give as many. One iothread is there to be asked and
 * set; what a session makes ends with it. Input that begins with '?' comes before negotiation.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lariat/iothread.h>

#include "monitor/command.h"
#include "monitor/objects.h"
#include "monitor/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    printf("fuzz_monitor: %s\n", what);
    fflush(stdout);
    abort();
}

/* One for all inputs, since a thread takes its time; another one once somebody may have changed it, to spin as FIFO, say. */
static struct lariat_iothread *io0;

static void destroy_io0(void)
{
    lariat_iothread_destroy(io0);
    io0 = NULL;
}

static void make_io0(void)
{
    static bool registered;

    if (!io0)
        require(!lariat_iothread_new("io0", NULL, &io0), "no iothread can be made here");
    if (!registered)
        atexit(destroy_io0); /* so that nothing looks lost */
    registered = true;
}

static void check_reply(const struct monitor_request *request)
{
    struct monitor_buffer out = { 0 };
    const json_t *error;
    json_t *json;

    require(!monitor_request_reply(request, &out), "no memory for a reply");
    json = json_loadb(monitor_buffer_bytes(&out), monitor_buffer_len(&out), JSON_REJECT_DUPLICATES, NULL);
    require(json_is_object(json), "a reply that is no object");
    require(monitor_buffer_bytes(&out)[monitor_buffer_len(&out) - 1] == '\n', "a reply without a newline");
    error = json_object_get(json, "error");
    require(!error != !json_object_get(json, "return"), "neither result nor error, or both");
    require(!error || (json_is_string(json_object_get(error, "class")) && json_is_string(json_object_get(error, "desc"))),
            "an error without class and words");
    require(json_equal(json_object_get(json, "id"), request->id) || !request->id, "another id");
    json_decref(json);
    monitor_buffer_free(&out);
}

/* Feed a piece; returns how many requests it completed. */
static unsigned feed(struct monitor_session *session, const char *bytes, size_t n)
{
    unsigned n_requests = 0;
    bool complete = true;

    while (n || complete) {
        struct monitor_request request;
        size_t used = monitor_session_feed(session, bytes, n, &request, &complete);

        require(used <= n, "used up more than there was");
        require(complete || used == n, "stopped without a reason");
        bytes += used;
        n -= used;
        if (!complete)
            break;
        monitor_request_run(&request);
        check_reply(&request);
        monitor_request_free(&request);
        n_requests++;
    }
    return n_requests;
}

/* Pieces of 1 to 16 bytes, as the bytes themselves say. */
static unsigned feed_in_pieces(struct monitor_session *session, const char *bytes, size_t n)
{
    unsigned n_requests = 0;

    while (n) {
        size_t piece = 1 + ((unsigned char)bytes[0] * 7u + n) % 16;

        if (piece > n)
            piece = n;
        n_requests += feed(session, bytes, piece);
        bytes += piece;
        n -= piece;
    }
    return n_requests;
}

static unsigned run(const char *bytes, size_t n, unsigned (*how)(struct monitor_session *, const char *, size_t))
{
    struct monitor_objects objects;
    struct monitor_session session = { .negotiated = n && bytes[0] != '?', .objects = &objects };
    unsigned n_requests;

    monitor_objects_init(&objects);
    n_requests = how(&session, bytes, n);
    monitor_session_free(&session);
    monitor_objects_free(&objects);
    return n_requests;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    make_io0();
    require(run((const char *)bytes, n, feed) == run((const char *)bytes, n, feed_in_pieces),
            "the number of replies depends on how the bytes arrive");
    if (memmem(bytes, n, "set", 3))
        destroy_io0();
    return 0;
}
