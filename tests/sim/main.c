/* SPDX-License-Identifier: MIT */
/*
 * sim                   run the default seeds
 * sim --seed=N [-v]     run one seed; -v: tell all that happens
 * sim --seeds=FROM-TO   run these
 * sim --seconds=N [--seed=FROM]  run seeds for that long
 * ... --all             with every fault switched on in every run
 * sim --seed=N --write=FILE  write the bytes of a seed, for a corpus
 * sim [-v] FILE...      run what a fuzzer found, or the files of a corpus
 *
 * LARIAT_SIM_SEED=N in the environment is the same as --seed=N. Exit status: 0 all passed, 1 one failed.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "choice.h"
#include "sim.h"

#define SEEDS_DEFAULT 3000
#define BYTES_MOST 65536
#define SECONDS_MOST 20 /* of one run */

bool sim_tracing;
static const char *file_name;
static unsigned long long seed_now;
static bool all_faults;
static unsigned long n_runs;

/* In a signal handler too. */
static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

static void say_run(void)
{
    char text[512];

    if (file_name)
        snprintf(text, sizeof(text), "FAIL: file %s; to see it: tests/sim/sim -v %s\n", file_name, file_name);
    else
        snprintf(text, sizeof(text), "FAIL: seed %llu; to see it: tests/sim/sim -v --seed=%llu%s\n", seed_now, seed_now,
                 all_faults ? " --all" : "");
    say(text);
}

void sim_trace(const char *format, ...)
{
    va_list args;

    if (!sim_tracing)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void sim_fail(const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    say(text);
    say("\n");
    say_run();
    _exit(1);
}

static void on_crash(int sig)
{
    say(sig == SIGALRM ? "the run does not end\n" : "the run crashed\n");
    say_run();
    signal(sig, SIG_DFL);
    raise(sig == SIGALRM ? SIGABRT : sig);
}

static void run_bytes(const uint8_t *run, size_t n)
{
    alarm(SECONDS_MOST);
    sim_run(run, n);
    n_runs++;
}

static uint8_t bytes[BYTES_MOST];

static void run_seed(unsigned long long seed)
{
    size_t n = choice_from_seed(seed, bytes, sizeof(bytes));

    seed_now = seed;
    if (all_faults)
        memset(bytes + CHOICE_FAULTS_AT, 0xff, CHOICE_FAULTS_BYTES);
    run_bytes(bytes, n);
}

static int write_seed(unsigned long long seed, const char *name)
{
    size_t n = choice_from_seed(seed, bytes, sizeof(bytes));
    FILE *f = fopen(name, "we");
    bool ok = f && fwrite(bytes, 1, n, f) == n;

    return f && fclose(f) == 0 && ok ? 0 : 1;
}

static void run_file(const char *name)
{
    FILE *f = fopen(name, "re");
    size_t n;

    file_name = name;
    if (!f)
        sim_fail("cannot read %s", name);
    n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    run_bytes(bytes, n);
}

static void run_seeds(unsigned long long from, unsigned long long to)
{
    for (unsigned long long seed = from; seed <= to; seed++)
        run_seed(seed);
}

static void run_seconds(long seconds, unsigned long long seed)
{
    time_t end = time(NULL) + seconds;

    while (time(NULL) < end)
        run_seed(seed++);
}

static void catch_crashes(void)
{
    static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM };

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], on_crash);
    /* The library says of each handler whose poll failed that it did. */
    if (!sim_tracing && !freopen("/dev/null", "w", stderr))
        sim_fail("no /dev/null");
}

int main(int argc, char **argv)
{
    const char *seed = getenv("LARIAT_SIM_SEED");
    unsigned long long from = seed ? strtoull(seed, NULL, 0) : 1, to = seed ? from : SEEDS_DEFAULT;
    long seconds = 0;
    int i;

    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-v") == 0)
            sim_tracing = true;
        else if (strcmp(argv[i], "--all") == 0)
            all_faults = true;
        else if (sscanf(argv[i], "--seeds=%llu-%llu", &from, &to) == 2)
            continue;
        else if (sscanf(argv[i], "--seed=%llu", &from) == 1)
            to = from;
        else if (strncmp(argv[i], "--write=", 8) == 0)
            return write_seed(from, argv[i] + 8);
        else if (sscanf(argv[i], "--seconds=%ld", &seconds) != 1)
            return fprintf(stderr, "sim: what is %s?\n", argv[i]), 2;
    }
    catch_crashes();
    if (i < argc)
        for (; i < argc; i++)
            run_file(argv[i]);
    else if (seconds)
        run_seconds(seconds, from);
    else
        run_seeds(from, to);
    printf("%lu runs passed\n", n_runs);
    return 0;
}
