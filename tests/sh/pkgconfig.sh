# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Installs below a directory of its own and builds a program there as a user would: with pkg-config,
# shared and static. Then uninstalls and looks that nothing stayed behind.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?} builddir=${LARIAT_BUILDDIR:?} version=${LARIAT_VERSION:?}
read -ra cc <<<"${CC:-cc}"
pkg_config=${PKG_CONFIG:-pkg-config}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail()
{
    echo "FAIL: $*"
    exit 1
}

# By DESTDIR: libtool moves no library that needs another one of ours to a prefix that configure was not told.
root=$dir/root
dirs=(DESTDIR="$root")
make_here() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u DESTDIR "${MAKE:-make}" -C "$builddir" "$@"; }
make_here -s install "${dirs[@]}" >"$dir/install.log" 2>&1 || {
    cat "$dir/install.log"
    fail "make install"
}

variable() { "$pkg_config" --variable="$1" "$builddir/lariat.pc"; }
prefix=$root$(variable prefix) libdir=$root$(variable libdir) includedir=$root$(variable includedir)
for file in "$libdir"/{liblariat.so,liblariat.so.0,liblariat.a,pkgconfig/lariat.pc} \
    "$includedir"/lariat/{lariat.h,version.h}; do
    [ -e "$file" ] || fail "$file was not installed"
done

# The two .pc files are well formed, carry the version and leak no macro.
for pc in "$libdir/pkgconfig/lariat.pc" "$builddir/lariat-uninstalled.pc"; do
    "$pkg_config" --validate "$pc" || fail "$pc is not valid"
    ! grep -e '-D' "$pc" || fail "$pc passes macros to its users"
    [ "$("$pkg_config" --modversion "$pc")" = "$version" ] || fail "$pc has another version than $version"
done

lariat_pc() # pkg-config's answer about the installed library
{
    PKG_CONFIG_PATH="$libdir/pkgconfig" PKG_CONFIG_DISABLE_UNINSTALLED=1 "$pkg_config" \
        --define-variable=prefix="$prefix" --define-variable=exec_prefix="$prefix" \
        --define-variable=libdir="$libdir" --define-variable=includedir="$includedir" \
        "$@" "${package:-lariat}"
}

cat >"$dir/ex.c" <<'END'
#include <lariat/lariat.h>
#include <stdio.h>

static void hello(void *opaque)
{
    puts((const char *)opaque);
}

int main(void)
{
    struct lariat_loop *loop;
    int err = lariat_loop_new(NULL, &loop);
    if (err < 0) {
        puts(lariat_explain_setup(err));
        return 77;
    }
    if (lariat_bh_schedule_oneshot(loop, hello, "hello from " LARIAT_VERSION_STRING) < 0)
        return 1;
    int ran = lariat_loop_poll(loop, true);
    lariat_loop_unref(loop);
    return ran == 1 ? 0 : 1;
}
END

run() # program argument...
{
    local output status=0
    output=$(LD_LIBRARY_PATH="$libdir" "$@") || status=$?
    if [ $status = 77 ]; then
        echo "SKIP: $1 was built but not run: $output"
    elif [ $status != 0 ] || [ "$output" != "hello from $version" ]; then
        fail "$1 said '$output' and exited with $status"
    fi
}

read -ra flags <<<"$(lariat_pc --cflags --libs)"
"${cc[@]}" -o "$dir/shared" "$dir/ex.c" "${flags[@]}" || fail "the example does not build with ${flags[*]}"
run "$dir/shared"

# The library brings nothing along but liburing and libc.
others=$(ldd "$libdir/liblariat.so" | awk '{ print $1 }' |
    grep -v -E '^(linux-vdso|liburing|libc|/lib.*/ld-linux.*|.*ld-linux.*)\b' || true)
[ -z "$others" ] || fail "liblariat.so needs more than liburing and libc: $others"
soname=$(objdump -p "$libdir/liblariat.so" | awk '$1 == "SONAME" { print $2 }')
[ "$soname" = liblariat.so.0 ] || fail "the soname is $soname"

# The control socket, where it was built, is a library of its own; liblariat itself does without jansson (seen above).
if [ -e "$builddir/lib/monitor/liblariat-monitor.la" ]; then
    for pc in "$libdir/pkgconfig/lariat-monitor.pc" "$builddir/lariat-monitor-uninstalled.pc"; do
        PKG_CONFIG_PATH="$libdir/pkgconfig" "$pkg_config" --validate "$pc" || fail "$pc is not valid"
        [ "$(PKG_CONFIG_PATH="$libdir/pkgconfig" "$pkg_config" --modversion "$pc")" = "$version" ] ||
            fail "$pc has another version than $version"
    done
    cat >"$dir/monitor.c" <<'END'
#include <lariat/lariat.h>
#include <lariat/monitor.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct lariat_monitor *monitor;
    char *errmsg = NULL;
    int err = lariat_monitor_start(argv[argc - 1], &monitor, &errmsg);
    if (err < 0) {
        puts(errmsg ? errmsg : "out of memory");
        free(errmsg);
        return 77;
    }
    lariat_monitor_stop(monitor);
    puts("hello from " LARIAT_VERSION_STRING);
    return 0;
}
END
    read -ra flags <<<"$(package=lariat-monitor lariat_pc --cflags --libs)"
    "${cc[@]}" -o "$dir/monitor" "$dir/monitor.c" "${flags[@]}" || fail "lariat-monitor does not build with ${flags[*]}"
    run "$dir/monitor" "$dir/socket"
    [ ! -e "$dir/socket" ] || fail "the control socket stayed behind"
elif [ -e "$includedir/lariat/monitor.h" ] || [ -e "$libdir/pkgconfig/lariat-monitor.pc" ]; then
    fail "parts of lariat-monitor were installed, but not the library"
fi

read -ra flags <<<"$(lariat_pc --static --cflags --libs)"
liburing_dir=$("$pkg_config" --variable=libdir liburing)
if [ -e "$liburing_dir/liburing.a" ]; then
    "${cc[@]}" -static -o "$dir/static" "$dir/ex.c" "${flags[@]}" ||
        fail "the example does not build with -static ${flags[*]}"
    run "$dir/static"
else
    echo "SKIP: there is no liburing.a to link a static program with"
fi

make_here -s uninstall "${dirs[@]}" >"$dir/uninstall.log" 2>&1 || {
    cat "$dir/uninstall.log"
    fail "make uninstall"
}
left=$(find "$root" ! -type d)
[ -z "$left" ] || fail "make uninstall left behind: $left"
[ -e "$srcdir/lariat.pc.in" ] # the source tree was not touched
echo "installed, used and uninstalled"
