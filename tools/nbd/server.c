/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/lariat.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "export_set.h"
#include "listen.h"
#include "log.h"
#include "message.h"
#include "pid_file.h"
#include "tls.h"
#include "worker_set.h"

#define ACCEPT_AGAIN_NS INT64_C(100000000)   /* after there were no descriptors, say */
#define STORAGE_ENDS_NS INT64_C(30000000000) /* what is being written may take so long when all clients have been cut off */
#define OTHER_DESCRIPTORS 128u               /* that are no connections: rings, files, sockets to listen on */

struct server;

/* One accept at a time for each socket that is listened on. */
struct door {
    struct server *server;
    const struct listener *listener;
    struct lariat_op op;
    bool open;
};

struct server {
    const struct nbd_args *args;
    struct limits limits;
    struct export_source source;
    struct export_set *exports;
    struct listeners listeners;
    struct lariat_loop *loop;
    struct lariat_bh *gone; /* a connection has gone */
    struct lariat_timer again, deadline;
    struct tls_context *tls_context; /* NULL: no TLS */
    struct worker_set workers;
    struct door *doors;
    atomic_uint n_conns;
    unsigned n_accepted;
    int signal_fd;
    bool refused; /* the last accept failed */
    bool stopping, cut_off, done;
    int status;
};

static void accept_more(void *opaque);

static void accepted(struct lariat_op *op, int res)
{
    struct door *door = op->opaque;
    struct server *server = door->server;

    door->open = false;
    if (server->stopping) {
        if (res >= 0)
            close(res);
        return;
    }
    if (res < 0) {
        if (res != -ECONNABORTED && res != -EINTR && !server->refused)
            log_line(LOG_ERR, "cannot accept on %s: %s", door->listener->text, strerror(-res));
        server->refused = true;
        lariat_timer_set_ns(&server->again, lariat_now_ns() + ACCEPT_AGAIN_NS);
        return;
    }
    server->refused = false;
    int rc = conn_start(worker_set_least(&server->workers), res, ++server->n_accepted, server->exports,
                        (enum tls_mode)server->args->tls, server->tls_context);
    if (rc)
        log_line(LOG_ERR, "connection %u cannot be served: %s", server->n_accepted, strerror(-rc));
    accept_more(server);
}

/* Whoever comes when there are enough waits in the backlog, until somebody goes. */
static void accept_more(void *opaque)
{
    struct server *server = opaque;
    unsigned n = atomic_load(&server->n_conns);

    for (size_t i = 0; i < server->listeners.n; i++)
        n += server->doors[i].open;
    for (size_t i = 0; i < server->listeners.n && !server->stopping && n < server->args->max_connections; i++) {
        /* The next door each time, so that none is passed over where there are more doors than places. */
        struct door *door = &server->doors[(i + server->n_accepted) % server->listeners.n];

        if (door->open)
            continue;
        door->open = true;
        n++;
        door->op = (struct lariat_op){ .fn = accepted, .opaque = door };
        lariat_accept(server->loop, &door->op, door->listener->fd, NULL, NULL, SOCK_CLOEXEC);
    }
}

static void conn_gone(void *opaque)
{
    struct server *server = opaque;

    if (!server->stopping)
        accept_more(server);
    else if (!atomic_load(&server->n_conns))
        server->done = true;
}

static void too_long(void *opaque)
{
    struct server *server = opaque;

    if (server->cut_off) {
        log_line(LOG_CRIT, "the storage does not answer: ending with requests in flight");
        _exit(EXIT_FAILURE);
    }
    server->cut_off = true;
    worker_set_cut_off(&server->workers);
    lariat_timer_set_ns(&server->deadline, lariat_now_ns() + STORAGE_ENDS_NS);
}

static void stop(struct server *server)
{
    if (server->stopping) {
        too_long(server);
        return;
    }
    log_line(LOG_INFO, "ending, with %u connections", atomic_load(&server->n_conns));
    server->stopping = true;
    for (size_t i = 0; i < server->listeners.n; i++)
        if (server->doors[i].open)
            lariat_op_cancel(server->loop, &server->doors[i].op);
    worker_set_drain(&server->workers);
    lariat_timer_set_ns(&server->deadline, lariat_now_ns() + server->args->shutdown_ns);
    conn_gone(server);
}

static void reload(struct server *server)
{
    struct export_set *set;
    char *errmsg;

    if (export_set_load(&server->source, server->exports, &set, &errmsg)) {
        log_line(LOG_ERR, "the exports stay as they are: %s", errmsg ? errmsg : "no memory");
        free(errmsg);
        return;
    }
    export_set_unref(server->exports);
    server->exports = set;
    log_line(LOG_INFO, "the exports were read again: there are %zu", set->n);
}

static void log_counters(const struct server *server)
{
    for (size_t i = 0; i < server->exports->n; i++) {
        struct export *export = server->exports->exports[i];
        uint64_t n[EXPORT_N_COUNTERS];

        for (unsigned j = 0; j < EXPORT_N_COUNTERS; j++)
            n[j] = atomic_load_explicit(&export->counters[j], memory_order_relaxed);
        log_line(LOG_NOTICE,
                 "export '%s': %" PRIu64 " connections, %" PRIu64 " reads (%" PRIu64 " bytes), %" PRIu64 " writes (%" PRIu64
                 " bytes), %" PRIu64 " others, %" PRIu64 " errors",
                 export->spec.name, n[EXPORT_CONNECTIONS], n[EXPORT_READS], n[EXPORT_BYTES_READ], n[EXPORT_WRITES],
                 n[EXPORT_BYTES_WRITTEN], n[EXPORT_OTHERS], n[EXPORT_ERRORS]);
    }
}

static void signalled(void *opaque)
{
    struct server *server = opaque;
    struct signalfd_siginfo info;

    while (read(server->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGHUP: reload(server); break;
        case SIGUSR1: log_counters(server); break;
        default: stop(server);
        }
    }
}

/* What was written must be on the disk when the server has ended. */
static void flush_exports(struct server *server)
{
    for (size_t i = 0; i < server->exports->n; i++) {
        const struct export *export = server->exports->exports[i];

        if (!export->spec.readonly && fdatasync(lariat_file_fd(export->file))) {
            log_line(LOG_ERR, "%s: what was written is not safe: %s", export->spec.path, strerror(errno));
            server->status = EXIT_FAILURE;
        }
    }
}

static int listen_all(struct server *server, char **errmsg)
{
    const struct nbd_args *args = server->args;
    int rc = listen_inherited(&server->listeners, errmsg);

    for (size_t i = 0; !rc && i < args->sockets.n; i++)
        rc = listen_unix(&server->listeners, args->sockets.items[i], errmsg);
    for (size_t i = 0; !rc && i < args->listens.n; i++)
        rc = listen_tcp(&server->listeners, args->listens.items[i], errmsg);
    if (!rc && !server->listeners.n)
        rc = refuse(errmsg, -EINVAL, "nowhere to listen: say --socket=PATH or --listen=ADDR:PORT");
    if (!rc && !(server->doors = calloc(server->listeners.n, sizeof(*server->doors))))
        rc = -ENOMEM;
    for (size_t i = 0; !rc && i < server->listeners.n; i++)
        server->doors[i] = (struct door){ .server = server, .listener = &server->listeners.items[i] };
    return rc;
}

static int open_signals(struct server *server, char **errmsg)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server->signal_fd < 0)
        return refuse(errmsg, -errno, "no signalfd: %s", strerror(errno));
    return lariat_handler_set(server->loop, server->signal_fd, signalled, NULL, server);
}

/* As many descriptors as the connections may need, if that is allowed: many systems begin with 1024. */
static void raise_limit(const struct nbd_args *args)
{
    struct rlimit limit;
    rlim_t wanted = args->max_connections + OTHER_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Everything that can fail, in an order that can be undone from any place: see end(). */
static int begin(struct server *server, char **errmsg)
{
    const struct nbd_args *args = server->args;
    const struct tls_settings tls = { args->tls_certificates, args->tls_psk, args->tls_verify };
    raise_limit(args);
    int rc = export_set_load(&server->source, NULL, &server->exports, errmsg);

    if (!rc && args->tls != TLS_OFF)
        rc = tls_context_new(&tls, &server->tls_context, errmsg);
    if (!rc)
        rc = listen_all(server, errmsg);
    if (rc)
        return rc;
    rc = lariat_loop_new(NULL, &server->loop);
    if (rc) {
        *errmsg = lariat_explain_setup(rc);
        return rc;
    }
    rc = lariat_bh_new(server->loop, "conn-gone", conn_gone, server, &server->gone);
    if (!rc)
        rc = open_signals(server, errmsg);
    if (!rc)
        rc = worker_set_begin(&server->workers, args, &server->limits, server->gone, &server->n_conns, errmsg);
    if (rc)
        return rc;
    lariat_timer_init(&server->again, server->loop, accept_more, server);
    lariat_timer_init(&server->deadline, server->loop, too_long, server);
    accept_more(server);
    return args->pid_file ? pid_file_write(args->pid_file, errmsg) : 0;
}

static void end(struct server *server)
{
    if (server->args->pid_file)
        pid_file_remove(server->args->pid_file);
    worker_set_end(&server->workers);
    lariat_bh_delete(server->gone);
    lariat_loop_unref(server->loop);
    if (server->signal_fd >= 0)
        close(server->signal_fd);
    listen_end(&server->listeners);
    free(server->doors);
    tls_context_free(server->tls_context);
    export_set_unref(server->exports);
}

int server_run(const struct nbd_args *args)
{
    struct server server = {
        .args = args,
        .limits = { .max_requests = (unsigned)args->max_requests,
                    .max_memory = (size_t)args->max_memory,
                    .handshake_ns = args->handshake_ns,
                    .idle_ns = args->idle_ns },
        .source = { .specs = args->exports.items,
                    .n_specs = args->exports.n,
                    .file = args->export_file,
                    .direct = args->cache == 1 },
        .signal_fd = -1,
        .status = EXIT_SUCCESS,
    };
    char *errmsg = NULL;
    int rc = begin(&server, &errmsg);

    for (size_t i = 0; !rc && i < server.listeners.n; i++)
        log_line(LOG_INFO, "listening on %s", server.listeners.items[i].text);
    while (!rc && !server.done) {
        rc = lariat_loop_poll(server.loop, true);
        rc = rc > 0 ? 0 : rc;
    }
    if (rc) {
        log_line(LOG_ERR, "%s", errmsg ? errmsg : strerror(-rc));
        if (atomic_load(&server.n_conns))
            _exit(EXIT_FAILURE); /* the loop is broken: nobody is left to end them in order */
        server.status = EXIT_FAILURE;
    } else {
        flush_exports(&server);
    }
    free(errmsg);
    end(&server);
    return server.status;
}
