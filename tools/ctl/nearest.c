/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

void nearest_init(struct nearest *nearest, const char *typed, size_t n_typed)
{
    *nearest = (struct nearest){ typed, n_typed, NULL, SIZE_MAX };
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char folded(char c)
{
    return c == '_' ? '-' : c;
}

size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][NEAREST_WORD_MAX + 1]; /* of a[..i], a[..i-1] and a[..i-2], in turn */

    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t other = folded(a[i - 1]) != folded(b[j - 1]);

            row[j] = min_of(min_of(above[j], row[j - 1]) + 1, above[j - 1] + other);
            if (other && i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]))
                row[j] = min_of(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

void nearest_offer(struct nearest *nearest, const char *word)
{
    size_t n = strlen(word);

    if (n > NEAREST_WORD_MAX || nearest->n_typed > NEAREST_WORD_MAX)
        return;
    size_t distance = edit_distance(nearest->typed, nearest->n_typed, word, n);
    /* One slip in a short word, more in a long one; never so many that nothing of it is left. */
    if (distance <= 1 + nearest->n_typed / 4 && distance < n && distance < nearest->distance) {
        nearest->word = word;
        nearest->distance = distance;
    }
}
