/* SPDX-License-Identifier: MIT */
/*
 * Signals that end or stop are never blocked, so that they work while the program waits for a server that does not answer;
 * their handlers call only what is async-signal-safe (tcsetattr, write, sigaction, raise). SIGWINCH and SIGCONT are let in by
 * terminal_wait() alone, so that none is lost between the look at `changed` and the wait.
 */
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"

static const char ENTER[] = "\033[?1049h\033[?25l\033[?7l";
static const char LEAVE[] = "\033[?7h\033[?25h\033[?1049l";

static struct termios before; /* as it was */
static struct termios raw;
static sigset_t while_waiting;
static volatile sig_atomic_t entered, changed;

static void write_all(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDOUT_FILENO, text, n);

        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            text += written;
            n -= (size_t)written;
        }
    }
}

static void put_in_use(void)
{
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    write_all(ENTER, sizeof(ENTER) - 1);
}

static void put_back(void)
{
    write_all(LEAVE, sizeof(LEAVE) - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void on_change(int signum)
{
    int saved = errno;

    changed = 1;
    if (signum == SIGCONT && entered)
        put_in_use();
    errno = saved;
}

static void set_handler(int signum, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    sigaction(signum, &action, NULL);
}

/* Do what the signal does to a program that does not catch it. A stop returns when it is over. */
static void obey(int signum)
{
    sigset_t it;

    sigemptyset(&it);
    sigaddset(&it, signum);
    set_handler(signum, SIG_DFL);
    raise(signum);
    sigprocmask(SIG_UNBLOCK, &it, NULL); /* in its handler it is blocked: this is where it comes */
}

static void on_end(int signum)
{
    int saved = errno;

    if (entered)
        put_back();
    obey(signum);
    set_handler(signum, on_end);
    changed = 1;
    if (entered)
        put_in_use();
    errno = saved;
}

bool terminal_usable(void)
{
    const char *term = getenv("TERM");

    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static void catch_signals(void)
{
    static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGWINCH);
    sigaddset(&blocked, SIGCONT);
    sigprocmask(SIG_BLOCK, &blocked, &while_waiting);
    sigdelset(&while_waiting, SIGWINCH);
    sigdelset(&while_waiting, SIGCONT);
    set_handler(SIGWINCH, on_change);
    set_handler(SIGCONT, on_change);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        set_handler(ends[i], on_end);
}

int terminal_enter(void)
{
    static bool at_exit;

    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return -errno;
    raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (!at_exit)
        atexit(terminal_leave);
    at_exit = true;
    catch_signals();
    entered = 1;
    put_in_use();
    return 0;
}

void terminal_leave(void)
{
    if (!entered)
        return;
    entered = 0;
    put_back();
}

static int from_environment(const char *name, int otherwise)
{
    const char *text = getenv(name);
    int value = text ? atoi(text) : 0;

    return value > 0 ? value : otherwise;
}

void terminal_size(int *columns, int *lines)
{
    struct winsize size = { 0 };

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *columns = size.ws_col ? size.ws_col : from_environment("COLUMNS", 80);
    *lines = size.ws_row ? size.ws_row : from_environment("LINES", 24);
}

enum terminal_event terminal_wait(int64_t until_ns)
{
    struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };

    for (;;) {
        struct timespec limit = clock_timespec(until_ns - clock_now_ns());
        int n = ppoll(&pfd, 1, &limit, &while_waiting);

        if (changed) {
            changed = 0;
            return TERMINAL_CHANGED;
        }
        if (n == 0)
            return TERMINAL_TIME;
        if (n > 0)
            return pfd.revents & POLLIN ? TERMINAL_KEY : TERMINAL_GONE;
        if (errno != EINTR)
            return TERMINAL_GONE;
    }
}

bool terminal_read(char *byte)
{
    return read(STDIN_FILENO, byte, 1) == 1;
}
