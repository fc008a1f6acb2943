/* SPDX-License-Identifier: MIT */
/*
 * A server that says what it was told to: bad-server PATH SCRIPT end|hang|once
 *
 * To each client, one after the other, it sends the first line of SCRIPT, and one more for each line that it gets; a '+' in one
 * becomes a newline, and a last line without its newline is sent so. Then it closes the connection (end, once), or says nothing
 * more until the client goes (hang). Prints "ready" once it listens, and runs until it is killed, or (once) the first client
 * was served.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    strcpy(address.sun_path, path);
    unlink(path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
        return -1;
    return fd;
}

static void split(char *line)
{
    for (char *plus = line; (plus = strchr(plus, '+'));)
        *plus = '\n';
}

/* False: the client is gone. */
static int read_line(int fd)
{
    char byte = 0;

    while (byte != '\n')
        if (read(fd, &byte, 1) <= 0)
            return 0;
    return 1;
}

static void serve(int fd, FILE *script, int hang)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    rewind(script);
    for (int first = 1; (n = getline(&line, &size, script)) > 0; first = 0) {
        if (!first && !read_line(fd))
            break;
        split(line);
        if (send(fd, line, (size_t)n, MSG_NOSIGNAL) < 0)
            break;
    }
    while (hang && read_line(fd))
        ;
    free(line);
}

int main(int argc, char **argv)
{
    FILE *script = argc == 4 ? fopen(argv[2], "r") : NULL;
    int fd = argc == 4 ? listen_at(argv[1]) : -1;

    if (!script || fd < 0) {
        perror("bad-server");
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int client = accept(fd, NULL, NULL);

        if (client < 0)
            continue;
        serve(client, script, strcmp(argv[3], "hang") == 0);
        close(client);
        if (strcmp(argv[3], "once") == 0)
            return EXIT_SUCCESS;
    }
}
