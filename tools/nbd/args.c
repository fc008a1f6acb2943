/* SPDX-License-Identifier: MIT */
#include "args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "units.h"

#define OPTION_COUNT_MAX 1000000u

__attribute__((format(printf, 2, 3))) static int complain(FILE *err, const char *format, ...)
{
    va_list ap;

    fputs("lariat-nbd: ", err);
    va_start(ap, format);
    vfprintf(err, format, ap);
    va_end(ap);
    fputc('\n', err);
    return -EINVAL;
}

static int store_text(struct texts *texts, char *value)
{
    char **items = realloc(texts->items, (texts->n + 1) * sizeof(*items));

    if (!items)
        return -ENOMEM;
    texts->items = items;
    texts->items[texts->n++] = value;
    return 0;
}

/* -EINVAL: it is none of the words. */
static int store_choice(unsigned *place, const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (unsigned i = 0; *choices; i++) {
        size_t n_choice = strcspn(choices, "|");

        if (n == n_choice && strncmp(choices, value, n) == 0) {
            *place = i;
            return 0;
        }
        choices += n_choice + (choices[n_choice] == '|');
    }
    return -EINVAL;
}

static int store_number(const struct option_row *row, void *place, const char *value, FILE *err)
{
    const char *why = "it must be 1 or more";
    bool decimal = false;
    int rc;

    if (row->type == OPTION_SECONDS) {
        rc = parse_duration(value, NS_PER_SECOND, place, &why);
    } else {
        uint64_t *number = place;

        rc = parse_size(value, 1024, number, &decimal, &why);
        if (!rc && (*number == 0 || (row->type == OPTION_COUNT && *number > OPTION_COUNT_MAX))) {
            why = *number ? "it must be 1000000 or less" : why;
            rc = -ERANGE;
        }
    }
    return rc ? complain(err, "--%s=%s: %s", row->name, value, why) : 0;
}

static int store(struct nbd_args *args, const struct option_row *row, char *value, FILE *err)
{
    void *place = (char *)args + row->offset;

    if (row->type == OPTION_FLAG && value)
        return complain(err, "--%s takes no value", row->name);
    if (row->type != OPTION_FLAG && !value)
        return complain(err, "--%s needs a value: --%s=%s", row->name, row->name, row->value);
    switch (row->type) {
    case OPTION_FLAG: *(bool *)place = true; return 0;
    case OPTION_TEXT: *(const char **)place = value; return 0;
    case OPTION_TEXTS: return store_text(place, value) ? complain(err, "no memory") : 0;
    case OPTION_CHOICE:
        return store_choice(place, row->value, value)
                   ? complain(err, "--%s=%s: it must be one of %s", row->name, value, row->value)
                   : 0;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_SECONDS: return store_number(row, place, value, err);
    }
    return 0;
}

/* --name, --name=value, --name value. *i: the place in argv, moved on if the value is an argument of its own. */
static int parse_option(struct nbd_args *args, int argc, char **argv, int *i, FILE *err)
{
    char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    struct nearest nearest;

    nearest_init(&nearest, name, n);
    for (const struct option_row *row = option_table; row->name; row++) {
        nearest_offer(&nearest, row->name);
        if (strlen(row->name) != n || strncmp(row->name, name, n) != 0)
            continue;
        if (!equals && row->type != OPTION_FLAG && *i + 1 < argc)
            return store(args, row, argv[++*i], err);
        return store(args, row, equals ? equals + 1 : NULL, err);
    }
    if (nearest.word)
        return complain(err, "there is no option --%.*s; did you mean --%s?", (int)n, name, nearest.word);
    return complain(err, "there is no option --%.*s; --help lists them", (int)n, name);
}

static int check(const struct nbd_args *args, FILE *err)
{
    if (args->help || args->version)
        return 0;
    if (!args->exports.n && !args->export_file)
        return complain(err, "there is nothing to serve: say --export=path=FILE, or try 'lariat-nbd --help'");
    bool keys = args->tls_certificates || args->tls_psk;

    if (keys != (args->tls != 0))
        return complain(err, keys ? "there are keys for TLS: say --tls=required, or --tls=allowed"
                                  : "TLS needs --tls-certificates=DIR or --tls-psk=FILE");
    if (args->tls_verify && !args->tls_certificates)
        return complain(err, "--tls-verify-peer needs --tls-certificates");
    if (args->iothreads.n && args->n_iothreads)
        return complain(err, "--iothread and --iothreads exclude each other");
    if (!args->handshake_ns || !args->shutdown_ns)
        return complain(err, "--handshake-timeout and --shutdown-timeout cannot be 0");
    return 0;
}

int args_parse(struct nbd_args *args, int argc, char **argv, FILE *err)
{
    *args = (struct nbd_args){ .max_connections = 1024,
                               .max_requests = 256,
                               .max_memory = UINT64_C(64) << 20,
                               .handshake_ns = 10 * NS_PER_SECOND,
                               .shutdown_ns = 10 * NS_PER_SECOND };
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || !argv[i][2])
            return complain(err, "'%s' is no option; a file is served by --export=path=FILE", argv[i]);
        int rc = parse_option(args, argc, argv, &i, err);
        if (rc)
            return rc;
    }
    return check(args, err);
}

void args_free(struct nbd_args *args)
{
    free(args->sockets.items);
    free(args->listens.items);
    free(args->exports.items);
    free(args->iothreads.items);
}
