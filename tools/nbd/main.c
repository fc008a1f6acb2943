/* SPDX-License-Identifier: MIT */
/* lariat-nbd: serves files and block devices by the NBD protocol. */
#include <lariat/version.h>
#include <signal.h>
#include <stdlib.h>

#include "args.h"
#include "log.h"
#include "server.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
    struct nbd_args args;
    int status = EXIT_USAGE;

    if (args_parse(&args, argc, argv, stderr) == 0) {
        status = EXIT_SUCCESS;
        if (args.quiet)
            log_set_level(LOG_NOTICE);
        signal(SIGPIPE, SIG_IGN);
        if (args.help)
            help_print(stdout);
        else if (args.version)
            printf("lariat-nbd %s\n", LARIAT_VERSION_STRING);
        else
            status = server_run(&args);
    }
    args_free(&args);
    return status;
}
