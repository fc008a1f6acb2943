/* SPDX-License-Identifier: MIT */
#include "pid_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

int pid_file_write(const char *path, char **errmsg)
{
    char *temporary;
    int rc = 0;

    if (asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0)
        return -ENOMEM;
    FILE *file = fopen(temporary, "wxe");
    if (!file || fprintf(file, "%d\n", (int)getpid()) < 0)
        rc = -errno;
    if (file && fclose(file) && !rc)
        rc = -errno;
    if (!rc && rename(temporary, path))
        rc = -errno;
    if (rc) {
        refuse(errmsg, rc, "cannot write %s: %s", path, strerror(-rc));
        unlink(temporary);
    }
    free(temporary);
    return rc;
}

void pid_file_remove(const char *path)
{
    FILE *file = fopen(path, "re");
    int pid = 0;

    if (!file)
        return;
    if (fscanf(file, "%d", &pid) == 1 && pid == getpid())
        unlink(path);
    fclose(file);
}
