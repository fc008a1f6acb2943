/* SPDX-License-Identifier: MIT */
/* A setting of the polling, as lariat-bench tune tries it: its name, and how it is said to everything that can be told of it. */
#ifndef BENCH_TUNE_CONFIG_H
#define BENCH_TUNE_CONFIG_H

#include <lariat/poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct tune_config {
    enum lariat_poll_policy policy;
    int64_t max_ns, grow, shrink, weight;
};

#define TUNE_NAME_MAX 120
#define TUNE_SNIPPET_MAX 320

/* Never spins. */
struct tune_config tune_config_off(void);
/* A policy with a longest window, and for the rest its defaults; max_ns -1: that, too. */
struct tune_config tune_config_of(enum lariat_poll_policy policy, int64_t max_ns);

const char *tune_policy_name(enum lariat_poll_policy policy);

/* Do both make a loop do the same? What a policy does not look at does not count. */
bool tune_config_same(const struct tune_config *a, const struct tune_config *b);

/* "off", "auto/200us", "classic/64us", "classic/64us/4/2", "weighted/64us/0/0/5": policy, longest window, grow, shrink, weight. */
const char *tune_config_name(char buf[TUNE_NAME_MAX], const struct tune_config *config);

/* The same read: parts left out at the end are the policy's defaults. 0; -EINVAL with *why in words. n: length of `text`. */
int tune_config_parse(const char *text, size_t n, struct tune_config *config, const char **why);

/* What is to be pasted where. */
enum tune_snippet { SNIPPET_BENCH, SNIPPET_C, SNIPPET_CTL, SNIPPET_IOTHREAD, SNIPPET_QEMU, SNIPPET_LIBVIRT, N_SNIPPETS };

/* "lariat-bench", "C" ..., for people and as a key in JSON. */
const char *tune_snippet_title(enum tune_snippet snippet);
const char *tune_snippet_key(enum tune_snippet snippet);

/* Can it be said there? QEMU and libvirt know no policy auto. */
bool tune_snippet_knows(enum tune_snippet snippet, const struct tune_config *config);
const char *tune_snippet_text(char buf[TUNE_SNIPPET_MAX], enum tune_snippet snippet, const struct tune_config *config);

#endif
