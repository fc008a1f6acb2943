/* SPDX-License-Identifier: MIT */
/* Give files to a fuzz target, one after the other: in place of libFuzzer's main(). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint8_t *read_all(FILE *file, size_t *n)
{
    size_t size = 1 << 16;
    uint8_t *bytes = malloc(size);

    *n = 0;
    while (bytes) {
        *n += fread(bytes + *n, 1, size - *n, file);
        if (*n < size)
            break;
        size *= 2;
        bytes = realloc(bytes, size);
    }
    return bytes;
}

static int replay(const char *path)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes;
    size_t n;

    if (!file) {
        perror(path);
        return 1;
    }
    bytes = read_all(file, &n);
    fclose(file);
    printf("%s: %zu bytes\n", path, n);
    fflush(stdout);
    if (bytes)
        LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return !bytes;
}

int main(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++)
        status |= replay(argv[i]);
    printf("%d inputs\n", argc - 1);
    return status;
}
