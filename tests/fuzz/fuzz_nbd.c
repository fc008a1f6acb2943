/* SPDX-License-Identifier: MIT */
/*
 * What a client of lariat-nbd says, driven by libFuzzer: the first byte chooses what TLS is to be, then come the handshake's bytes
 * and, when an export was chosen, requests. Given in one piece and byte by byte, both must come to the same end with the same
 * answer. Replies are put together for all requests; those that are found good must lie within the export.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handshake.h"
#include "reply.h"

#define FILE_BYTES 70000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct export_set *exports;

static void require(int condition, const char *what)
{
    if (!condition) {
        printf("%s\n", what);
        abort();
    }
}

static void make_exports(void)
{
    char first[64], second[64], *errmsg, *specs[] = { first, second };
    const struct export_source source = { .specs = specs, .n_specs = 2 };
    int fd = memfd_create("export", MFD_CLOEXEC);

    require(fd >= 0 && ftruncate(fd, FILE_BYTES) == 0, "no file");
    snprintf(first, sizeof(first), "name=a,path=/proc/self/fd/%d", fd);
    snprintf(second, sizeof(second), "name=b,path=/proc/self/fd/%d,readonly,description=text", fd);
    require(export_set_load(&source, NULL, &exports, &errmsg) == 0, "no exports");
    close(fd);
}

/* Feed it, no more than `step` new bytes at a time. Returns how many were taken. */
static size_t shake_hands(struct handshake *handshake, const uint8_t *bytes, size_t n, size_t step, struct bytes *answer,
                          enum handshake_verdict *verdict)
{
    size_t done = 0, there = 0;

    *verdict = HANDSHAKE_GO_ON;
    while (*verdict == HANDSHAKE_GO_ON) {
        size_t taken = handshake_feed(handshake, bytes + done, there - done, answer, verdict);

        require(taken <= there - done, "more was taken than there was");
        done += taken;
        if (*verdict == HANDSHAKE_STARTTLS) {
            require(!handshake->tls && handshake->tls_mode != TLS_OFF, "TLS was begun where it cannot be");
            handshake->tls = true;
            *verdict = HANDSHAKE_GO_ON;
        }
        if (taken || *verdict != HANDSHAKE_GO_ON)
            continue;
        require(there - done < HANDSHAKE_OPTION_MAX, "it wants more than an option has");
        if (there == n)
            break;
        there = n - there < step ? n : there + step;
    }
    return done;
}

static void check_requests(const struct agreement *agreement, const uint8_t *bytes, size_t n)
{
    uint8_t head[REPLY_HEAD_MAX];
    struct nbd_request request;

    for (; n >= NBD_REQUEST_BYTES; bytes += NBD_REQUEST_BYTES, n -= NBD_REQUEST_BYTES) {
        if (!request_parse(bytes, &request))
            return;
        enum nbd_error error = request_check(&request, agreement);
        if (!error)
            require(request.offset + request.length >= request.offset &&
                        request.offset + request.length <= agreement->size_bytes &&
                        !(agreement->flags & NBD_FLAG_READ_ONLY && request.type == NBD_CMD_WRITE),
                    "a request that must not be carried out was found good");
        require(reply_head(head, &request, agreement, error, error ? 0 : request.length) <= sizeof(head), "a long head");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct handshake handshakes[2];
    struct bytes answers[2] = { { .data = NULL }, { .data = NULL } };
    enum handshake_verdict verdicts[2];
    size_t done[2];

    if (!exports)
        make_exports();
    if (!n)
        return 0;
    for (int i = 0; i < 2; i++) {
        handshake_begin(&handshakes[i], exports, (enum tls_mode)(bytes[0] % 3), &answers[i]);
        done[i] = shake_hands(&handshakes[i], bytes + 1, n - 1, i ? 1 : n, &answers[i], &verdicts[i]);
        require((verdicts[i] == HANDSHAKE_CLOSE) == (handshakes[i].reason != NULL), "an end without a reason");
    }
    require(verdicts[0] == verdicts[1] && answers[0].n == answers[1].n &&
                memcmp(answers[0].data, answers[1].data, answers[0].n) == 0,
            "in pieces it is answered otherwise");
    if (verdicts[0] == HANDSHAKE_DONE) {
        require(handshakes[0].tls || bytes[0] % 3 != TLS_REQUIRED, "an export was chosen without TLS");
        check_requests(&handshakes[0].agreement, bytes + 1 + done[0], n - 1 - done[0]);
    }
    for (int i = 0; i < 2; i++) {
        handshake_end(&handshakes[i]);
        bytes_free(&answers[i]);
    }
    return 0;
}
