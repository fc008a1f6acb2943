# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Every public header compiles alone, and all compile together, as C99, C11 and C++17, with gcc and
# with clang, without a warning.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Nothing but the headers and standard types is there: no config.h, no feature macro. time_t, pid_t,
# socklen_t and the like come from <sys/types.h> and friends, which strict C99 has too.
include=(-I"$srcdir/include" -I"$builddir/include")
glib=()
read -ra glib <<<"$("${PKG_CONFIG:-pkg-config}" --cflags glib-2.0 2>/dev/null | sed 's/-I/-isystem /g')" || true
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

names=()
for header in "$srcdir"/include/lariat/*.h "$builddir"/include/lariat/version.h; do
    name=${header##*/}
    case $name in # these need libraries of their own
        glib.h) [ ${#glib[@]} -gt 0 ] || { echo "SKIP: no GLib: glib.h was not compiled"; continue; } ;;
    esac
    case " ${names[*]} " in *" $name "*) continue ;; esac
    names+=("$name")
    # Twice: the guard works.
    printf '#include <lariat/%s>\n#include <lariat/%s>\nint lariat_test_dummy;\n' \
        "$name" "$name" >"$dir/${name%.h}.c"
done
{
    printf '#include <lariat/%s>\n' "${names[@]}"
    echo 'int lariat_test_dummy;'
} >"$dir/all_together.c"
{
    printf '%s\n' "${names[@]}" | sort -r | sed 's|.*|#include <lariat/&>|'
    echo 'int lariat_test_dummy;'
} >"$dir/all_in_reverse.c"

n_compiled=0 status=0
compile() # compiler, language, standard
{
    local file
    command -v "$1" >/dev/null || { echo "SKIP: no $1: the headers were not compiled as $3"; return; }
    for file in "$dir"/*.c; do
        if ! "$1" -x "$2" "-std=$3" "${warnings[@]}" "${include[@]}" "${glib[@]}" -fsyntax-only "$file"; then
            echo "FAIL: $1 -std=$3: $(basename "$file" .c).h"
            status=1
        fi
        n_compiled=$((n_compiled + 1))
    done
}
for standard in c99 c11; do
    compile gcc c $standard
    compile clang c $standard
done
compile g++ c++ c++17
compile clang++ c++ c++17

echo "$n_compiled compilations of ${#names[@]} headers"
[ $n_compiled -gt 0 ] || status=1
exit $status
