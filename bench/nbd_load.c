/* SPDX-License-Identifier: MIT */
/*
 * Load for NBD servers: random reads over a UNIX socket, by the bare protocol, so that the client costs less than any server.
 * A thread for each connection keeps its depth full: whatever replies one recv() brings are answered by one send() of as many
 * requests. For bench/nbd-figures.sh.
 *
 *   nbd-load --socket=PATH [--export=NAME] [--connections=N] [--depth=N] [--size=BYTES] [--seconds=S] [--server=PID]
 *   nbd-load --socket=PATH [--export=NAME] --idle --connections=N --server=PID
 *
 * Prints one line: reads per second, their mean latency, and the server's CPU time for each; or its memory.
 */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"
#include "wire.h"

#define DEPTH_MAX 1024u
#define RECEIVED_BYTES ((size_t)1 << 20)

static struct {
    const char *socket, *export;
    unsigned connections, depth, size;
    double seconds;
    int server;
    bool idle;
} options = { .export = "", .connections = 1, .depth = 1, .size = 4096, .seconds = 2 };

static atomic_bool over;

struct connection {
    pthread_t thread;
    int fd;
    uint64_t size_bytes;
    uint64_t random;
    uint64_t n_reads, latency_ns; /* sum */
    uint64_t sent_ns[DEPTH_MAX];
};

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "nbd-load: %s: %s\n", what, errno ? strerror(errno) : "not what was expected");
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void receive(int fd, void *buffer, size_t n)
{
    if (recv(fd, buffer, n, MSG_WAITALL) != (ssize_t)n)
        fail("receiving");
}

static void send_all(int fd, const uint8_t *data, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

        if (sent < 0)
            fail("sending");
        data += sent;
        n -= (size_t)sent;
    }
}

/* By NBD_OPT_EXPORT_NAME, which all servers know. */
static void shake_hands(struct connection *connection)
{
    uint8_t greeting[NBD_GREETING_BYTES], option[4 + NBD_OPTION_HEADER_BYTES + NBD_STRING_MAX], answer[10];
    size_t n_name = strlen(options.export);

    receive(connection->fd, greeting, sizeof(greeting));
    if (load_be64(greeting) != NBD_MAGIC || n_name > NBD_STRING_MAX)
        fail("greeting");
    store_be32(option, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
    store_be64(option + 4, NBD_OPTION_MAGIC);
    store_be32(option + 12, NBD_OPT_EXPORT_NAME);
    store_be32(option + 16, (uint32_t)n_name);
    memcpy(option + 20, options.export, n_name);
    send_all(connection->fd, option, 20 + n_name);
    receive(connection->fd, answer, sizeof(answer));
    connection->size_bytes = load_be64(answer);
    if (connection->size_bytes < options.size)
        fail("size of the export");
}

static void connect_to_server(struct connection *connection)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(options.socket) >= sizeof(address.sun_path))
        fail("path of the socket");
    memcpy(address.sun_path, options.socket, strlen(options.socket));
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)))
        fail(options.socket);
    shake_hands(connection);
}

/* A read of a random block, which has `slot` for its cookie. */
static void put_request(struct connection *connection, uint8_t *place, unsigned slot, uint64_t now)
{
    connection->random ^= connection->random << 13; /* xorshift */
    connection->random ^= connection->random >> 7;
    connection->random ^= connection->random << 17;
    store_be32(place, NBD_REQUEST_MAGIC);
    store_be16(place + 4, 0);
    store_be16(place + 6, NBD_CMD_READ);
    store_be64(place + 8, slot);
    store_be64(place + 16, connection->random % (connection->size_bytes / options.size) * options.size);
    store_be32(place + 24, options.size);
    connection->sent_ns[slot] = now;
}

/* One reply has come; the next request takes its place, until the time is over. True: it did. */
static bool take_reply(struct connection *connection, const uint8_t *reply, uint8_t *request, uint64_t now)
{
    uint64_t slot = load_be64(reply + 8);

    errno = 0;
    if (load_be32(reply) != NBD_SIMPLE_REPLY_MAGIC || load_be32(reply + 4) || slot >= options.depth)
        fail("a reply");
    if (atomic_load_explicit(&over, memory_order_relaxed))
        return false;
    connection->n_reads++;
    connection->latency_ns += now - connection->sent_ns[slot];
    put_request(connection, request, (unsigned)slot, now);
    return true;
}

static void *run(void *opaque)
{
    struct connection *connection = opaque;
    size_t reply_bytes = NBD_SIMPLE_REPLY_BYTES + options.size, there = 0, size = RECEIVED_BYTES + reply_bytes;
    uint8_t *received = malloc(size), requests[DEPTH_MAX * NBD_REQUEST_BYTES];

    unsigned in_flight = options.depth;

    if (!received)
        fail("memory");
    for (unsigned slot = 0; slot < options.depth; slot++)
        put_request(connection, requests + slot * NBD_REQUEST_BYTES, slot, now_ns());
    send_all(connection->fd, requests, options.depth * NBD_REQUEST_BYTES);
    while (in_flight) {
        ssize_t n = recv(connection->fd, received + there, size - there, 0);

        if (n <= 0)
            fail("receiving");
        there += (size_t)n;
        size_t done = 0, n_requests = 0;
        for (uint64_t now = now_ns(); there - done >= reply_bytes; done += reply_bytes) {
            bool more = take_reply(connection, received + done, requests + n_requests * NBD_REQUEST_BYTES, now);

            n_requests += more;
            in_flight -= !more;
        }
        there -= done;
        memmove(received, received + done, there);
        send_all(connection->fd, requests, n_requests * NBD_REQUEST_BYTES);
    }
    store_be32(requests, NBD_REQUEST_MAGIC);
    store_be32(requests + 4, NBD_CMD_DISC);
    send_all(connection->fd, requests, NBD_REQUEST_BYTES);
    free(received);
    return NULL;
}

/* CPU time of all threads of the server, as the scheduler has it. */
static uint64_t server_cpu_ns(void)
{
    char pattern[64];
    glob_t found;
    uint64_t sum = 0;

    if (!options.server)
        return 0;
    snprintf(pattern, sizeof(pattern), "/proc/%d/task/*/schedstat", options.server);
    if (glob(pattern, 0, NULL, &found))
        fail("no such server");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "re");
        uint64_t ns;

        if (file && fscanf(file, "%" SCNu64, &ns) == 1)
            sum += ns;
        if (file)
            fclose(file);
    }
    globfree(&found);
    return sum;
}

static void print_memory(void)
{
    char path[64], line[256];
    unsigned long kib = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", options.server);
    FILE *file = fopen(path, "re");
    if (!file)
        fail(path);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "VmRSS: %lu", &kib) == 1)
            break;
    fclose(file);
    printf("connections=%u rss_mib=%.1f\n", options.connections, (double)kib / 1024);
}

static void print_load(const struct connection *connections, uint64_t elapsed_ns, uint64_t cpu_ns)
{
    uint64_t n_reads = 0, latency_ns = 0;

    for (unsigned i = 0; i < options.connections; i++) {
        n_reads += connections[i].n_reads;
        latency_ns += connections[i].latency_ns;
    }
    if (!n_reads)
        fail("no reads");
    printf("iops=%.0f latency_us=%.1f server_cpu_us=%.2f\n", (double)n_reads * 1e9 / (double)elapsed_ns,
           (double)latency_ns / 1e3 / (double)n_reads, (double)cpu_ns / 1e3 / (double)n_reads);
}

static void measure(struct connection *connections)
{
    uint64_t begun = now_ns(), cpu = server_cpu_ns();

    for (unsigned i = 0; i < options.connections; i++)
        if (pthread_create(&connections[i].thread, NULL, run, &connections[i]))
            fail("a thread");
    const struct timespec time = { (time_t)options.seconds, (long)(options.seconds * 1e9) % 1000000000 };
    nanosleep(&time, NULL);
    uint64_t elapsed = now_ns() - begun;
    cpu = server_cpu_ns() - cpu;
    atomic_store(&over, true);
    for (unsigned i = 0; i < options.connections; i++)
        pthread_join(connections[i].thread, NULL);
    print_load(connections, elapsed, cpu);
}

static unsigned number(const char *text, unsigned max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    errno = EINVAL;
    if (*end || !value || value > max)
        fail(text);
    return (unsigned)value;
}

static void parse(int argc, char **argv)
{
    static const struct option table[] = {
        { "socket", required_argument, NULL, 's' },
        { "export", required_argument, NULL, 'e' },
        { "connections", required_argument, NULL, 'c' },
        { "depth", required_argument, NULL, 'd' },
        { "size", required_argument, NULL, 'b' },
        { "seconds", required_argument, NULL, 't' },
        { "server", required_argument, NULL, 'p' },
        { "idle", no_argument, NULL, 'i' },
        { NULL, 0, NULL, 0 },
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1)
        switch (letter) {
        case 's': options.socket = optarg; break;
        case 'e': options.export = optarg; break;
        case 'c': options.connections = number(optarg, 100000); break;
        case 'd': options.depth = number(optarg, DEPTH_MAX); break;
        case 'b': options.size = number(optarg, 1 << 20); break;
        case 't': options.seconds = strtod(optarg, NULL); break;
        case 'p': options.server = (int)number(optarg, INT32_MAX); break;
        case 'i': options.idle = true; break;
        default: exit(2);
        }
    if (!options.socket || optind != argc || (options.idle && !options.server) ||
        !(options.seconds > 0 && options.seconds < 3600)) {
        fputs("nbd-load: say --socket=PATH and, for --idle, --server=PID; less than an hour\n", stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    struct connection *connections = calloc(options.connections, sizeof(*connections));

    if (!connections)
        fail("memory");
    for (unsigned i = 0; i < options.connections; i++) {
        connections[i].random = 88172645463325252u + i * 0x9e3779b97f4a7c15u;
        connect_to_server(&connections[i]);
    }
    if (options.idle)
        print_memory();
    else
        measure(connections);
    free(connections);
    return EXIT_SUCCESS;
}
