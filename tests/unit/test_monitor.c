/* SPDX-License-Identifier: MIT */
/* The control socket itself: its file, its life, who is let in, and how many. */
#include "monitor_support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often the server tried to accept. */
static atomic_int accepts;

int __real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    atomic_fetch_add(&accepts, 1);
    return __real_accept4(fd, address, length, flags);
}

/* ---- the file ---- */

START_TEST(the_socket_has_mode_0600_whatever_the_umask_is)
{
    static const mode_t masks[] = { 0, 022, 0777 };
    struct server server;
    struct stat st;

    mode_t before = umask(masks[_i]);
    server_directory_or_fail(&server);
    ck_assert_int_eq(chmod(server.directory, 0700), 0);
    server_start_or_fail(&server);
    ck_assert_uint_eq(umask(before), masks[_i]);
    ck_assert_int_eq(lstat(server.path, &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    server_done(&server);
}
END_TEST

/* A socket that was bound to the path, and is not listened on any more. */
static void leave_stale_socket_or_fail(const char *path, int type)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

START_TEST(a_stale_socket_is_replaced)
{
    static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
    struct server server;
    struct client client;

    server_directory_or_fail(&server);
    leave_stale_socket_or_fail(server.path, types[_i]);
    server_start_or_fail(&server);
    client_or_fail(&client, &server);
    client_done(&client);
    server_done(&server);
}
END_TEST

/* A server of this process may still have its end of a connection that is closed. */
static bool fds_become(int n)
{
    const int64_t end_ns = lariat_now_ns() + INT64_C(20000000000);
    while (count_fds() != n) {
        if (lariat_now_ns() > end_ns) {
            return false;
        }
        sched_yield();
    }
    return true;
}

static void must_refuse(const char *path, int err, const char *word)
{
    struct lariat_monitor *monitor = NULL;
    char *errmsg = NULL;
    const int fds = count_fds();

    ck_assert_int_eq(lariat_monitor_start(path, &monitor, &errmsg), err);
    ck_assert_ptr_null(monitor);
    ck_assert_msg(errmsg && strstr(errmsg, word), "no '%s' in '%s'", word, errmsg);
    ck_assert(fds_become(fds));
    free(errmsg);
    ck_assert_int_eq(lariat_monitor_start(path, &monitor, NULL), err);
}

START_TEST(a_socket_that_somebody_listens_on_is_left_to_him)
{
    struct server server;
    struct client client;

    server_or_fail(&server);
    must_refuse(server.path, -EADDRINUSE, server.path);
    client_or_fail(&client, &server);
    client_done(&client);
    server_done(&server);
}
END_TEST

START_TEST(a_listener_with_a_full_backlog_and_a_datagram_socket_are_alive_too)
{
    static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct server server;
    int fd = socket(AF_UNIX, types[_i] | SOCK_CLOEXEC, 0), other = socket(AF_UNIX, types[_i] | SOCK_CLOEXEC, 0);

    server_directory_or_fail(&server);
    strcpy(address.sun_path, server.path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    if (types[_i] == SOCK_STREAM) {
        ck_assert_int_eq(listen(fd, 0), 0);
        ck_assert_int_eq(connect(other, (const struct sockaddr *)&address, sizeof(address)), 0);
    }
    must_refuse(server.path, -EADDRINUSE, "listens");
    close(fd);
    close(other);
    unlink(server.path);
    server_done(&server);
}
END_TEST

START_TEST(what_is_no_socket_is_not_replaced)
{
    struct server server;

    server_directory_or_fail(&server);
    int fd = open(server.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    write_or_fail(fd, "kept", 4);
    must_refuse(server.path, -EEXIST, "no socket");
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), 4);
    close(fd);
    ck_assert_int_eq(unlink(server.path), 0);
    ck_assert_int_eq(symlink("/nonexistent", server.path), 0);
    must_refuse(server.path, -EEXIST, "no socket");
    ck_assert_int_eq(unlink(server.path), 0);
    server_done(&server);
}
END_TEST

START_TEST(a_path_that_cannot_be_is_refused_in_words)
{
    char path[200];

    memset(path, 'x', sizeof(path));
    memcpy(path, "/tmp/", 5);
    path[108] = 0;
    must_refuse(path, -ENAMETOOLONG, "107");
    must_refuse("", -EINVAL, "empty");
    must_refuse("/nonexistent/socket", -ENOENT, "/nonexistent/socket");
    must_refuse("/dev/null/socket", -ENOTDIR, "/dev/null");
}
END_TEST

START_TEST(the_longest_path_is_taken)
{
    struct server server;
    char path[108];

    server_directory_or_fail(&server);
    memset(path, 'x', sizeof(path));
    memcpy(path, server.directory, strlen(server.directory));
    path[strlen(server.directory)] = '/';
    path[107] = 0;
    ck_assert_int_eq(lariat_monitor_start(path, &server.monitor, NULL), 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    server_done(&server);
}
END_TEST

START_TEST(a_relative_path_is_removed_although_the_process_moved)
{
    struct server server;
    char *before = realpath(".", NULL);

    server_directory_or_fail(&server);
    ck_assert_int_eq(chdir(server.directory), 0);
    ck_assert_int_eq(lariat_monitor_start("socket", &server.monitor, NULL), 0);
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_int_eq(access(server.path, F_OK), 0);
    server_done(&server);
    free(before);
}
END_TEST

START_TEST(a_file_that_took_the_place_of_the_socket_is_left)
{
    struct server server;

    server_or_fail(&server);
    ck_assert_int_eq(unlink(server.path), 0);
    int fd = open(server.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    lariat_monitor_stop(server.monitor);
    server.monitor = NULL;
    ck_assert_int_eq(access(server.path, F_OK), 0);
    close(fd);
    ck_assert_int_eq(unlink(server.path), 0);
    server_done(&server);
}
END_TEST

/* ---- starters ---- */

enum { N_STARTERS = 8, N_ROUNDS = 20 };

struct starter {
    struct server *server;
    pthread_barrier_t *barrier;
    struct lariat_monitor *monitor;
    int err;
};

static void *start_at_once(void *opaque)
{
    struct starter *starter = opaque;
    pthread_barrier_wait(starter->barrier);
    starter->err = lariat_monitor_start(starter->server->path, &starter->monitor, NULL);
    return NULL;
}

/* How many of them got the socket; the others must have been told that somebody has it. */
static int start_all(struct server *server)
{
    struct starter starters[N_STARTERS];
    pthread_t threads[N_STARTERS];
    pthread_barrier_t barrier;
    int started = 0;

    pthread_barrier_init(&barrier, NULL, N_STARTERS);
    for (int i = 0; i < N_STARTERS; i++) {
        starters[i] = (struct starter){ .server = server, .barrier = &barrier };
        threads[i] = thread_or_fail(start_at_once, &starters[i]);
    }
    for (int i = 0; i < N_STARTERS; i++) {
        join_or_fail(threads[i]);
        ck_assert_msg(starters[i].err == 0 || starters[i].err == -EADDRINUSE, "%d", starters[i].err);
        started += starters[i].err == 0;
        server->monitor = starters[i].err == 0 ? starters[i].monitor : server->monitor;
    }
    pthread_barrier_destroy(&barrier);
    return started;
}

START_TEST(of_many_starters_at_once_one_gets_the_stale_socket)
{
    struct server server;
    struct client client;

    server_directory_or_fail(&server);
    for (int round = 0; round < (tests_run_slowly() ? 3 : N_ROUNDS); round++) {
        leave_stale_socket_or_fail(server.path, SOCK_STREAM);
        ck_assert_int_eq(start_all(&server), 1);
        client_or_fail(&client, &server);
        client_done(&client);
        lariat_monitor_stop(server.monitor);
        ck_assert_int_ne(access(server.path, F_OK), 0);
    }
    server.monitor = NULL;
    server_done(&server);
}
END_TEST

START_TEST(a_lock_that_is_never_given_back_ends_in_an_error)
{
    struct server server;

    server_directory_or_fail(&server);
    int fd = open(server.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(lariat_monitor_start(server.path, &server.monitor, NULL), -EAGAIN);
    close(fd);
    server_start_or_fail(&server);
    server_done(&server);
}
END_TEST

/* ---- life ---- */

START_TEST(a_monitor_that_stops_leaves_nothing_and_another_may_start_there)
{
    const int fds = count_fds(), threads = count_threads();
    struct server server;
    struct client client;

    lariat_monitor_stop(NULL);
    server_directory_or_fail(&server);
    for (int i = 0; i < 3; i++) {
        server_start_or_fail(&server);
        client_or_fail(&client, &server);
        lariat_monitor_stop(server.monitor);
        ck_assert_ptr_null(client_receive(&client));
        client_done(&client);
        ck_assert_int_ne(access(server.path, F_OK), 0);
        ck_assert_int_eq(count_fds(), fds);
        ck_assert(threads_become(threads));
    }
    server.monitor = NULL;
    server_done(&server);
}
END_TEST

START_TEST(its_iothread_is_neither_listed_nor_found)
{
    struct lariat_iothread_info *head;
    struct server server;

    server_or_fail(&server);
    ck_assert_int_eq(lariat_iothread_query(&head), 0);
    ck_assert_ptr_null(head);
    ck_assert_ptr_null(lariat_iothread_by_id("monitor"));
    server_done(&server);
}
END_TEST

START_TEST(several_monitors_serve_different_paths)
{
    struct server servers[3];
    struct client clients[3];

    for (int i = 0; i < 3; i++) {
        server_or_fail(&servers[i]);
        client_or_fail(&clients[i], &servers[i]);
    }
    client_executes(&clients[0], "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1'}}");
    for (int i = 1; i < 3; i++) {
        json_decref(client_receive_event(&clients[i], "IOTHREAD_CREATED"));
    }
    for (int i = 0; i < 3; i++) {
        server_done(&servers[i]);
        client_done(&clients[i]);
    }
}
END_TEST

START_TEST(a_stop_destroys_what_clients_made_and_nobody_holds)
{
    struct server server;
    struct client client;

    server_or_fail(&server);
    client_or_fail(&client, &server);
    client_executes(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1'}}");
    client_executes(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io2'}}");
    client_done(&client);
    struct lariat_iothread *io2 = lariat_iothread_by_id("io2");
    server_done(&server);

    ck_assert_ptr_null(lariat_iothread_by_id("io1"));
    call_or_fail(lariat_iothread_loop(io2), do_nothing, NULL); /* ours now */
    lariat_iothread_destroy(io2);
    lariat_iothread_unref(io2);
}
END_TEST

static void start_with_null(void *opaque)
{
    struct lariat_monitor *monitor;
    child_require(lariat_monitor_start(opaque, &monitor, NULL) == 0);
}

START_TEST(a_path_of_null_aborts)
{
    must_abort(start_with_null, NULL, "lariat_monitor_start", "path");
}
END_TEST

/* ---- fork ---- */

static int stop_in_child(void *opaque)
{
    struct server *server = opaque;
    lariat_monitor_stop(server->monitor);
    child_require(access(server->path, F_OK) == 0);
    return 0;
}

START_TEST(a_child_does_not_serve_and_may_stop_its_copy)
{
    struct server server;
    struct client client;

    server_or_fail(&server);
    client_or_fail(&client, &server);
    must_succeed_in_child(stop_in_child, &server);
    client_executes(&client, "{'execute': 'query-version'}");
    client_done(&client);
    client_or_fail(&client, &server);
    client_done(&client);
    server_done(&server);
}
END_TEST

/* A child that lives on keeps copies of the sockets: a stop must be seen nevertheless. */
START_TEST(a_stop_is_seen_by_clients_although_a_child_has_their_sockets)
{
    struct server server;
    struct client client;

    server_or_fail(&server);
    client_or_fail(&client, &server);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    lariat_monitor_stop(server.monitor);
    ck_assert_ptr_null(client_receive(&client));
    server_start_or_fail(&server);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    client_done(&client);
    server_done(&server);
}
END_TEST

/* ---- who, and how many ---- */

static int connect_as_nobody(void *opaque)
{
    const struct server *server = opaque;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char byte;

    strcpy(address.sun_path, server->path);
    child_require(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    child_require(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    child_require(recv(fd, &byte, 1, 0) <= 0); /* not even a greeting */
    return 0;
}

START_TEST(another_user_is_turned_away_even_if_the_mode_lets_him_in)
{
    struct server server;
    struct client client;

    if (geteuid() != 0) {
        test_skip("only root can be somebody else");
    }
    server_or_fail(&server);
    ck_assert_int_eq(chmod(server.directory, 0755), 0);
    ck_assert_int_eq(chmod(server.path, 0666), 0);
    must_succeed_in_child(connect_as_nobody, &server);
    client_or_fail(&client, &server);
    client_done(&client);
    server_done(&server);
}
END_TEST

START_TEST(three_hundred_clients_are_served_at_once)
{
    enum { N = 300 };
    static struct client clients[N];
    struct server server;

    server_or_fail(&server);
    for (int i = 0; i < N; i++) {
        client_or_fail(&clients[i], &server);
    }
    for (int i = 0; i < N; i++) {
        client_send(&clients[i], "{'execute': 'query-version', 'id': 1}");
    }
    for (int i = 0; i < N; i++) {
        json_t *reply = client_receive_reply(&clients[i]);
        ck_assert_int_eq(number_of(reply, "id"), 1);
        json_decref(reply);
        client_done(&clients[i]);
    }
    server_done(&server);
}
END_TEST

static struct rlimit descriptors_or_fail(rlim_t n)
{
    struct rlimit before, limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = n;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

START_TEST(more_than_1024_clients_are_refused_until_one_leaves)
{
    enum { N = 1024 };
    static struct client clients[N];
    struct server server;
    struct client refused;
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 2 * N + 100 || tests_run_slowly()) {
        test_skip("needs 2,148 descriptors, and time");
    }
    limit = descriptors_or_fail(2 * N + 100);
    server_or_fail(&server);
    for (int i = 0; i < N; i++) {
        client_or_fail(&clients[i], &server);
    }
    client_connect_or_fail(&refused, &server);
    ck_assert_ptr_null(client_receive(&refused));
    client_done(&refused);
    client_executes(&clients[N - 1], "{'execute': 'query-version'}");
    for (int i = 0; i < N; i++) {
        client_done(&clients[i]);
    }
    json_t *greeting;
    do {
        client_connect_or_fail(&refused, &server);
        greeting = client_receive(&refused);
        json_decref(greeting);
        client_done(&refused);
    } while (!greeting);
    server_done(&server);
    setrlimit(RLIMIT_NOFILE, &limit);
}
END_TEST

/* All but one of the descriptors that are left. */
static void use_up_descriptors(int last)
{
    while (last >= 0) {
        int next = dup(last);
        if (next < 0) {
            close(last);
        }
        last = next;
    }
}

START_TEST(a_start_without_descriptors_says_so_and_leaves_nothing)
{
    struct server server;
    char *errmsg = NULL;

    server_directory_or_fail(&server);
    const int fds = count_fds(), next = dup(0);
    close(next);
    for (rlim_t n = 1; n <= 2; n++) { /* for the socket and its directory, but not for a ring with its eventfd */
        struct rlimit limit = descriptors_or_fail((rlim_t)next + n);
        ck_assert_int_eq(lariat_monitor_start(server.path, &server.monitor, &errmsg), -EMFILE);
        setrlimit(RLIMIT_NOFILE, &limit);
        ck_assert_ptr_nonnull(errmsg);
        free(errmsg);
        ck_assert_int_ne(access(server.path, F_OK), 0);
        ck_assert_int_eq(count_fds(), fds);
    }
    ck_assert_ptr_null(server.monitor);
    server_done(&server);
}
END_TEST

START_TEST(without_descriptors_clients_wait_and_the_server_does_not_spin)
{
    struct server server;
    struct client client, waiting;

    if (tests_run_under_valgrind()) {
        test_skip("valgrind closes a connection that it has no descriptor for");
    }
    server_or_fail(&server);
    client_or_fail(&client, &server);
    struct rlimit limit = descriptors_or_fail(100);
    use_up_descriptors(dup(client.fd));
    client_connect_or_fail(&waiting, &server); /* there is none for the server's end of it */
    atomic_store(&accepts, 0);
    for (int i = 0; i < 200; i++) {
        client_executes(&client, "{'execute': 'query-version'}");
    }
    ck_assert_int_le(atomic_load(&accepts), 100); /* ten a second */
    setrlimit(RLIMIT_NOFILE, &limit);
    json_t *greeting = client_receive(&waiting);
    ck_assert_ptr_nonnull(greeting);
    json_decref(greeting);
    client_done(&waiting);
    client_done(&client);
    server_done(&server);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "file");
    tcase_add_loop_test(tc, the_socket_has_mode_0600_whatever_the_umask_is, 0, 3);
    tcase_add_loop_test(tc, a_stale_socket_is_replaced, 0, 2);
    tcase_add_test(tc, a_socket_that_somebody_listens_on_is_left_to_him);
    tcase_add_loop_test(tc, a_listener_with_a_full_backlog_and_a_datagram_socket_are_alive_too, 0, 2);
    tcase_add_test(tc, what_is_no_socket_is_not_replaced);
    tcase_add_test(tc, a_path_that_cannot_be_is_refused_in_words);
    tcase_add_test(tc, the_longest_path_is_taken);
    tcase_add_test(tc, a_relative_path_is_removed_although_the_process_moved);
    tcase_add_test(tc, a_file_that_took_the_place_of_the_socket_is_left);

    tc = case_of(suite, "starters");
    tcase_add_test(tc, of_many_starters_at_once_one_gets_the_stale_socket);
    tcase_add_test(tc, a_lock_that_is_never_given_back_ends_in_an_error);

    tc = case_of(suite, "life");
    tcase_add_test(tc, a_monitor_that_stops_leaves_nothing_and_another_may_start_there);
    tcase_add_test(tc, its_iothread_is_neither_listed_nor_found);
    tcase_add_test(tc, several_monitors_serve_different_paths);
    tcase_add_test(tc, a_stop_destroys_what_clients_made_and_nobody_holds);
    tcase_add_test(tc, a_path_of_null_aborts);

    tc = case_of(suite, "fork");
    tcase_add_test(tc, a_child_does_not_serve_and_may_stop_its_copy);
    tcase_add_test(tc, a_stop_is_seen_by_clients_although_a_child_has_their_sockets);

    tc = case_of(suite, "clients");
    tcase_add_test(tc, another_user_is_turned_away_even_if_the_mode_lets_him_in);
    tcase_add_test(tc, three_hundred_clients_are_served_at_once);
    tcase_add_test(tc, more_than_1024_clients_are_refused_until_one_leaves);
    tcase_add_test(tc, a_start_without_descriptors_says_so_and_leaves_nothing);
    tcase_add_test(tc, without_descriptors_clients_wait_and_the_server_does_not_spin);
}

int main(void)
{
    return suite_main("monitor", add_tests);
}
