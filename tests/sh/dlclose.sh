# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A program loads the library as a plugin, unloads it while an iothread runs, and ends: code that a
# thread runs in must not go away.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
read -ra cc <<<"${CC:-cc}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/plugin.c" <<'END'
#include <dlfcn.h>
#include <lariat/lariat.h>
#include <stdio.h>

static void count(void *opaque)
{
    ++*(int *)opaque;
}

int main(int argc, char **argv)
{
    void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    struct lariat_iothread *iothread = NULL;
    int n = 0;

    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    __typeof__(lariat_iothread_new) *make = dlsym(handle, "lariat_iothread_new");
    __typeof__(lariat_iothread_loop) *loop_of = dlsym(handle, "lariat_iothread_loop");
    __typeof__(lariat_loop_call) *call = dlsym(handle, "lariat_loop_call");
    int rc = make("plugin", NULL, &iothread);
    if (rc) {
        printf("SKIP: no iothread to be had: %d\n", rc);
        return 77;
    }
    dlclose(handle);
    for (int i = 0; i < 100; i++)
        if (call(loop_of(iothread), count, &n))
            return 1;
    printf("%d calls after dlclose\n", n);
    return n == 100 ? 0 : 1; /* and it still runs */
}
END

"${cc[@]}" -std=gnu11 -Wall -I"$srcdir/include" -I"$builddir/include" -o "$dir/plugin" "$dir/plugin.c" -ldl
status=0
"$dir/plugin" "$builddir/lib/.libs/liblariat.so" || status=$?
[ $status = 0 ] || [ $status = 77 ] || echo "FAIL: the program ended with status $status"
exit $status
