/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "sim.h"

static struct object objects[N_OBJECTS];
static uint8_t contents[N_FILES][FILE_BYTES];
static int real_fds[N_OBJECTS]; /* opened once */

uint8_t file_byte(size_t offset)
{
    return (uint8_t)(offset * 7 + offset / 251);
}

/* What no run changes, or no run looks at before it has written it. */
static void make_once(void)
{
    if (real_fds[0])
        return;
    for (int i = 0; i < N_OBJECTS - 1; i++) {
        real_fds[i] = i < N_FILES ? memfd_create("sim", MFD_CLOEXEC) : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sim_require(real_fds[i] >= 0, "no descriptors for the simulator");
    }
    for (int i = 0; i < N_FILES; i++)
        for (size_t at = 0; at < FILE_BYTES; at++)
            contents[i][at] = file_byte(at);
}

uint8_t stream_byte(uint64_t at)
{
    return (uint8_t)(at * 13 + at / 241);
}

void objects_begin(void)
{
    make_once();
    memset(objects, 0, sizeof(objects));
    for (int i = 0; i < N_OBJECTS; i++) {
        struct object *o = &objects[i];

        o->fd = real_fds[i];
        o->kind = i < N_FILES ? OBJECT_FILE : i < N_FILES + N_STREAMS ? OBJECT_STREAM : OBJECT_LISTENER;
        if (o->kind == OBJECT_FILE)
            o->bytes = contents[i];
    }
    object_eventfd()->kind = OBJECT_EVENTFD;
    object_eventfd()->fd = -1;
}

struct object *object_file(unsigned i)
{
    return &objects[i % N_FILES];
}

struct object *object_stream(unsigned i)
{
    return &objects[N_FILES + i % N_STREAMS];
}

struct object *object_listener(unsigned i)
{
    return &objects[N_FILES + N_STREAMS + i % N_LISTENERS];
}

struct object *object_eventfd(void)
{
    return &objects[N_OBJECTS - 1];
}

struct object *object_of_fd(int fd)
{
    for (int i = 0; i < N_OBJECTS; i++)
        if (fd >= 0 && objects[i].fd == fd)
            return &objects[i];
    return NULL;
}

unsigned object_events(const struct object *o)
{
    switch (o->kind) {
    case OBJECT_FILE:
        return POLLIN | POLLOUT;
    case OBJECT_STREAM:
        return (o->n_in || o->hung_up ? POLLIN : 0u) | (o->full ? 0u : POLLOUT) | (o->hung_up ? POLLRDHUP : 0u);
    case OBJECT_LISTENER:
    case OBJECT_EVENTFD:
        return o->counter ? POLLIN : 0;
    case OBJECT_NONE:
        break;
    }
    return 0;
}
