/* SPDX-License-Identifier: MIT */
/* lariat-ctl: looks into the iothreads of a running program, and tunes them, through its control socket. */
#include <errno.h>
#include <lariat/version.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "commands.h"
#include "output.h"

#define EXIT_USAGE 2

static enum client_status run(struct client *client, const struct ctl_args *args)
{
    switch (args->command) {
    case CTL_LIST: return command_list(client, args);
    case CTL_GET: return command_get(client, args);
    case CTL_SET: return command_set(client, args);
    case CTL_STATS: return command_stats(client, args);
    case CTL_TOP: return command_top(client, args);
    case CTL_TUNE: return command_tune(client, args);
    case CTL_WATCH_EVENTS: return command_watch_events(client, args);
    case CTL_ADD: return command_add(client, args);
    case CTL_DEL: return command_del(client, args);
    case CTL_PROPERTIES: return command_properties(client, args);
    case CTL_COMMANDS: return command_commands(client, args);
    case CTL_NO_COMMAND: break;
    }
    abort();
}

/* JSON is UTF-8, so the words that go into it have to be. */
static bool words_are_utf8(const struct ctl_args *args)
{
    for (int i = 0; i < args->n_words; i++) {
        json_t *text = json_string(args->words[i]);

        if (!text)
            return false;
        json_decref(text);
    }
    return true;
}

static int connect_and_run(struct ctl_args *args)
{
    struct client *client;

    if (!args->socket)
        args->socket = getenv("LARIAT_SOCKET");
    if (!args->socket || !*args->socket) {
        fputs("lariat-ctl: which program? Give its control socket with --socket=PATH or in LARIAT_SOCKET\n", stderr);
        return EXIT_USAGE;
    }
    enum client_status status = client_connect(args->socket, args->timeout_ns, &client);
    if (!status)
        status = run(client, args);
    if (status) {
        output_flush(); /* what came before stands before it, where both go to one file */
        fprintf(stderr, "lariat-ctl: %s\n", client_error(client));
    }
    client_free(client);
    return (int)status;
}

/* A reader that went away is no error; a full disk is. */
static int finish(int status)
{
    if (output_flush() || output_error() == EPIPE)
        return status;
    fprintf(stderr, "lariat-ctl: cannot write to standard output: %s\n", strerror(output_error()));
    return status ? status : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct ctl_args args;

    setlocale(LC_CTYPE, "");
    if (args_parse(&args, argc, argv, stderr))
        return EXIT_USAGE;
    if (args.help) {
        help_print(args.command, stdout);
        return finish(EXIT_SUCCESS);
    }
    if (args.version) {
        printf("lariat-ctl %s\njansson %s\n", LARIAT_VERSION_STRING, JANSSON_VERSION);
        return finish(EXIT_SUCCESS);
    }
    if (!words_are_utf8(&args)) {
        fputs("lariat-ctl: the words are not UTF-8\n", stderr);
        return EXIT_USAGE;
    }
    return finish(connect_and_run(&args));
}
