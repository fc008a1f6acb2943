/* SPDX-License-Identifier: MIT */
/*
 * A file system that fails as the names of its files say, by the kernel's FUSE protocol (linux/fuse.h), for the shell tests.
 *
 *   faulty_fs [-w] FOLDER    mounts it there (-w: writes may stay in memory until they are synced), prints "ready" and serves
 *                            until it is unmounted or killed
 *
 * A file is called "REQUEST-FAULT", has FILE_BYTES bytes, and is made by looking it up. REQUEST is read, write, fsync or
 * fallocate (which is also discarding); it fails from GOOD_BYTES on, an fsync always. FAULT is
 *   an errno value   EIO is 5
 *   once5            the same for the first time only
 *   later5           the same, but only after "bad" was written to the file "control" and until "good" is
 *   short            half of it is transferred, but never nothing
 *   hold             no answer until it is interrupted (EINTR), or somebody writes to the file "control" what it shall be:
 *                    "2 5" is answered once two requests are held, and lets them fail with EIO; with 0 they succeed,
 *                    with -1 they stay held
 * "good-0" never fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fuse.h>

enum { FILE_BYTES = 1 << 20, GOOD_BYTES = 65536, MAX_WRITE = 131072, N_NODES = 64, N_HELD = 64, VALID_S = 3600, CONTROL = 2 };

enum fault { FAULT_NONE, FAULT_ERROR, FAULT_ONCE, FAULT_LATER, FAULT_SHORT, FAULT_HOLD };

struct node { /* number FUSE_ROOT_ID + 1 + its index */
    char name[32];
    uint32_t request; /* FUSE_READ, ... */
    enum fault fault;
    int err;
    unsigned char *data;
};

struct held {
    uint64_t unique;
    struct node *node;
    uint32_t opcode;
    uint64_t offset;
    uint32_t size;
};

static struct node nodes[N_NODES] = { { .name = "control" } };
static int n_nodes = 1;
static struct held held[N_HELD];
static int n_held;
static int device;
static bool write_back, bad;
static char request_buf[MAX_WRITE + 8192];

/* Who asked may have been killed meanwhile (ENOENT). */
static void reply(uint64_t unique, int err, const void *data, size_t len)
{
    struct {
        struct fuse_out_header header;
        char data[MAX_WRITE];
    } out = { .header = { .len = (uint32_t)(sizeof(out.header) + len), .error = -err, .unique = unique } };
    memcpy(out.data, data, len);
    if (write(device, &out, out.header.len) < 0 && errno != ENOENT && errno != ENODEV)
        fprintf(stderr, "faulty_fs: reply: %s\n", strerror(errno));
}

static void reply_error(uint64_t unique, int err)
{
    reply(unique, err, "", 0);
}

/* ---- nodes ---- */

static uint64_t number_of(const struct node *node)
{
    return FUSE_ROOT_ID + 1 + (uint64_t)(node - nodes);
}

static struct node *node_of(uint64_t number)
{
    uint64_t i = number - FUSE_ROOT_ID - 1;
    return i < (uint64_t)n_nodes ? &nodes[i] : NULL;
}

static bool parse_name(struct node *node)
{
    static const struct {
        const char *name;
        uint32_t request;
    } requests[] = { { "read-", FUSE_READ }, { "write-", FUSE_WRITE }, { "fsync-", FUSE_FSYNC },
                     { "fallocate-", FUSE_FALLOCATE }, { "good-", 0 } };
    const char *fault = NULL;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && fault == NULL; i++)
        if (strncmp(node->name, requests[i].name, strlen(requests[i].name)) == 0) {
            node->request = requests[i].request;
            fault = node->name + strlen(requests[i].name);
        }
    if (fault == NULL)
        return false;
    node->fault = strcmp(fault, "short") == 0 ? FAULT_SHORT : strcmp(fault, "hold") == 0 ? FAULT_HOLD :
                  strncmp(fault, "once", 4) == 0 ? FAULT_ONCE : strncmp(fault, "later", 5) == 0 ? FAULT_LATER : FAULT_ERROR;
    node->err = atoi(fault + strcspn(fault, "0123456789"));
    return node->fault >= FAULT_SHORT || node->err > 0 || node->request == 0;
}

static struct node *look_up(const char *name)
{
    struct node *node = &nodes[n_nodes];
    for (int i = 0; i < n_nodes; i++)
        if (strcmp(nodes[i].name, name) == 0)
            return &nodes[i];
    if (n_nodes == N_NODES || strlen(name) >= sizeof(node->name))
        return NULL;
    *node = (struct node){ .data = calloc(1, FILE_BYTES) };
    strcpy(node->name, name);
    if (node->data == NULL || !parse_name(node)) {
        free(node->data);
        return NULL;
    }
    n_nodes++;
    return node;
}

static struct fuse_attr attr_of(uint64_t number)
{
    struct fuse_attr attr = { .ino = number, .nlink = 1, .mode = S_IFREG | 0666, .blksize = 4096 };
    struct node *node = node_of(number);
    if (node == NULL) {
        attr.mode = S_IFDIR | 0777;
        attr.nlink = 2;
    } else if (node->data != NULL) {
        attr.size = FILE_BYTES;
        attr.blocks = FILE_BYTES / 512;
    }
    return attr;
}

/* ---- requests ---- */

static void carry_out(const struct held *request, const char *data)
{
    struct node *node = request->node;
    uint64_t room = request->offset < FILE_BYTES ? FILE_BYTES - request->offset : 0;
    uint32_t n = request->size < room ? request->size : (uint32_t)room;
    struct fuse_write_out out = { 0 };
    if (request->opcode == FUSE_READ) {
        reply(request->unique, 0, node->data + request->offset, n);
    } else if (request->opcode == FUSE_WRITE) {
        if (data != NULL)
            memcpy(node->data + request->offset, data, n);
        out.size = n;
        reply(request->unique, n || !request->size ? 0 : ENOSPC, &out, n || !request->size ? sizeof(out) : 0);
    } else {
        if (request->opcode == FUSE_FALLOCATE)
            memset(node->data + request->offset, 0, n);
        reply_error(request->unique, 0);
    }
}

static void let_go(struct held *request, int err)
{
    if (err != 0)
        reply_error(request->unique, err);
    else
        carry_out(request, NULL);
    *request = held[--n_held];
}

static void answer(struct held request, const char *data)
{
    struct node *node = request.node;
    bool good = node->request != request.opcode ||
                (request.opcode != FUSE_FSYNC && request.offset + request.size <= GOOD_BYTES);
    enum fault fault = good || (node->fault == FAULT_LATER && !bad) ? FAULT_NONE : node->fault;
    if (fault == FAULT_HOLD && n_held < N_HELD) {
        if (data != NULL)
            memcpy(node->data + request.offset, data, request.size);
        held[n_held++] = request;
        return;
    }
    if (fault == FAULT_SHORT)
        request.size = (request.size + 1) / 2;
    if (fault == FAULT_ONCE)
        node->fault = FAULT_NONE;
    if (fault == FAULT_ERROR || fault == FAULT_ONCE || fault == FAULT_LATER)
        reply_error(request.unique, node->err);
    else
        carry_out(&request, data);
}

static void answer_init(uint64_t unique, const struct fuse_init_in *in)
{
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION,
        .minor = 31,
        .max_readahead = 0,
        .flags = in->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | (write_back ? FUSE_WRITEBACK_CACHE : 0)),
        .max_background = 16,
        .congestion_threshold = 16,
        .max_write = MAX_WRITE,
    };
    reply(unique, 0, &out, sizeof(out));
    printf("ready\n");
    fflush(stdout);
}

static void answer_lookup(uint64_t unique, const char *name)
{
    struct node *node = look_up(name);
    struct fuse_entry_out out = { .entry_valid = VALID_S, .attr_valid = VALID_S };
    if (node == NULL) {
        reply_error(unique, ENOENT);
        return;
    }
    out.nodeid = number_of(node);
    out.attr = attr_of(out.nodeid);
    reply(unique, 0, &out, sizeof(out));
}

static void answer_attr(uint64_t unique, uint64_t number)
{
    struct fuse_attr_out out = { .attr_valid = VALID_S, .attr = attr_of(number) };
    reply(unique, 0, &out, sizeof(out));
}

/* Somebody waits for that many to be held. */
static struct {
    uint64_t unique;
    uint32_t size;
    int n, err;
} waiting;

static void let_go_of_enough(void)
{
    struct fuse_write_out out = { .size = waiting.size };
    if (waiting.n == 0 || n_held < waiting.n)
        return;
    while (n_held > 0 && waiting.err >= 0)
        let_go(&held[0], waiting.err);
    waiting.n = 0;
    reply(waiting.unique, 0, &out, sizeof(out));
}

static void control(uint64_t unique, const char *text, uint32_t size)
{
    struct fuse_write_out out = { .size = size };
    if (size > 3 && (strncmp(text, "bad", 3) == 0 || strncmp(text, "good", 4) == 0)) {
        bad = text[0] == 'b';
        reply(unique, 0, &out, sizeof(out));
        return;
    }
    waiting.unique = unique;
    waiting.size = size;
    if (sscanf(text, "%d %d", &waiting.n, &waiting.err) != 2) /* a line */
        reply_error(unique, EINVAL);
}

static void interrupt_held(uint64_t unique)
{
    for (int i = 0; i < n_held; i++)
        if (held[i].unique == unique) {
            let_go(&held[i], EINTR);
            return;
        }
}

static void answer_file_request(const struct fuse_in_header *header, const void *arg)
{
    struct held request = { .unique = header->unique, .node = node_of(header->nodeid), .opcode = header->opcode };
    const struct fuse_write_in *transfer = arg; /* begins as fuse_read_in does */
    const struct fuse_fallocate_in *range = arg;
    if (request.node == NULL) {
        reply_error(header->unique, EISDIR);
    } else if (header->opcode == FUSE_WRITE && request.node->data == NULL) {
        control(header->unique, (const char *)(transfer + 1), transfer->size);
    } else {
        if (header->opcode == FUSE_READ || header->opcode == FUSE_WRITE) {
            request.offset = transfer->offset;
            request.size = transfer->size;
        } else if (header->opcode == FUSE_FALLOCATE) {
            request.offset = range->offset;
            request.size = (uint32_t)range->length;
        }
        answer(request, header->opcode == FUSE_WRITE ? (const char *)(transfer + 1) : NULL);
    }
}

static void serve(const struct fuse_in_header *header, const void *arg)
{
    struct fuse_statfs_out space = { .st = { .blocks = 1024, .bsize = 4096, .frsize = 4096, .namelen = 31 } };
    struct fuse_open_out opened = { .open_flags = FOPEN_NOFLUSH }; /* closing would wait for a write that is held */
    switch (header->opcode) {
    case FUSE_INIT: answer_init(header->unique, arg); break;
    case FUSE_LOOKUP: answer_lookup(header->unique, arg); break;
    case FUSE_GETATTR:
    case FUSE_SETATTR: answer_attr(header->unique, header->nodeid); break;
    case FUSE_STATFS: reply(header->unique, 0, &space, sizeof(space)); break;
    case FUSE_OPEN: reply(header->unique, 0, &opened, sizeof(opened)); break;
    case FUSE_READ:
    case FUSE_WRITE:
    case FUSE_FSYNC:
    case FUSE_FALLOCATE: answer_file_request(header, arg); break;
    case FUSE_RELEASE: reply_error(header->unique, 0); break;
    case FUSE_INTERRUPT: interrupt_held(((const struct fuse_interrupt_in *)arg)->unique); break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET: break; /* these want no answer */
    default: reply_error(header->unique, ENOSYS); break;
    }
    let_go_of_enough();
}

int main(int argc, char **argv)
{
    char options[128];
    write_back = argc == 3 && strcmp(argv[1], "-w") == 0;
    if (argc != 2 + write_back) {
        fprintf(stderr, "usage: faulty_fs [-w] FOLDER\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(options, sizeof(options), "fd=%d,rootmode=40777,user_id=%d,group_id=%d", device, (int)getuid(), (int)getgid());
    if (device < 0 || mount("faulty_fs", argv[argc - 1], "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
        fprintf(stderr, "faulty_fs: %s\n", strerror(errno));
        return 1;
    }
    for (;;) {
        ssize_t n = read(device, request_buf, sizeof(request_buf));
        if (n >= (ssize_t)sizeof(struct fuse_in_header))
            serve((const void *)request_buf, request_buf + sizeof(struct fuse_in_header));
        else if (n >= 0 || (errno != EINTR && errno != ENOENT && errno != EAGAIN))
            return 0; /* ENODEV: unmounted */
    }
}
