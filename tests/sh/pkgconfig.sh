# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Installs into a folder of its own and builds a program there as a user would: with pkg-config,
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

# Below DESTDIR, because libtool installs a library that is linked with another one of ours nowhere but where configure said.
stage=$dir/stage
make_here() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "${MAKE:-make}" -C "$builddir" "$@" DESTDIR="$stage"; }
make_here -s install >"$dir/install.log" 2>&1 || {
    cat "$dir/install.log"
    fail "make install"
}
configured() { "$pkg_config" --variable="$1" "$builddir/lariat.pc"; }
libdir=$stage$(configured libdir) includedir=$stage$(configured includedir)
pc_dir=$(dirname "$(find "$stage" -name lariat.pc)")

for file in "$libdir"/liblariat.{so,so.0,a} "$pc_dir/lariat.pc" "$includedir"/lariat/{lariat,version}.h; do
    [ -e "$file" ] || fail "$file was not installed"
done

# liblariat-glib is there if this build has it, and then as a whole.
pc_files=("$pc_dir/lariat.pc" "$builddir/lariat-uninstalled.pc")
have_glib=no
if [ -e "$builddir/lib/glib/liblariat-glib.la" ]; then
    have_glib=yes
    for file in "$libdir"/liblariat-glib.{so,so.0,a} "$pc_dir/lariat-glib.pc" "$includedir/lariat/glib.h"; do
        [ -e "$file" ] || fail "$file was not installed"
    done
    pc_files+=("$pc_dir/lariat-glib.pc" "$builddir/lariat-glib-uninstalled.pc")
elif [ -e "$includedir/lariat/glib.h" ]; then
    fail "glib.h was installed without its library"
fi
# The same of the control socket.
have_monitor=no
if [ -e "$builddir/lib/monitor/liblariat-monitor.la" ]; then
    have_monitor=yes
    for file in "$libdir"/liblariat-monitor.{so,so.0,a} "$pc_dir/lariat-monitor.pc" "$includedir/lariat/monitor.h"; do
        [ -e "$file" ] || fail "$file was not installed"
    done
    pc_files+=("$pc_dir/lariat-monitor.pc" "$builddir/lariat-monitor-uninstalled.pc")
elif [ -e "$includedir/lariat/monitor.h" ]; then
    fail "monitor.h was installed without its library"
fi

# The .pc files are well formed, carry the version and leak no macro.
for pc in "${pc_files[@]}"; do
    PKG_CONFIG_PATH="$pc_dir" "$pkg_config" --validate "$pc" || fail "$pc is not valid"
    ! grep -e '-D' "$pc" || fail "$pc passes macros to its users"
    [ "$(PKG_CONFIG_PATH="$pc_dir" "$pkg_config" --modversion "$pc")" = "$version" ] || fail "$pc has another version than $version"
done

# The .pc files of a system that has been told where DESTDIR is. Not --define-variable: that would move other libraries, too.
mkdir "$dir/pc"
for pc in "$pc_dir"/*.pc; do
    sed "s|^libdir=.*|libdir=$libdir|; s|^includedir=.*|includedir=$includedir|" "$pc" >"$dir/pc/${pc##*/}"
done
installed() # pkg-config's answer about the installed libraries
{
    PKG_CONFIG_PATH="$dir/pc" PKG_CONFIG_DISABLE_UNINSTALLED=1 "$pkg_config" "$@"
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

read -ra flags <<<"$(installed --cflags --libs lariat)"
"${cc[@]}" -o "$dir/shared" "$dir/ex.c" "${flags[@]}" || fail "the example does not build with ${flags[*]}"
run "$dir/shared"

# The library brings nothing along but liburing and libc.
others=$(ldd "$libdir/liblariat.so" | awk '{ print $1 }' |
    grep -v -E '^(linux-vdso|liburing|libc|/lib.*/ld-linux.*|.*ld-linux.*)\b' || true)
[ -z "$others" ] || fail "liblariat.so needs more than liburing and libc: $others"
soname=$(objdump -p "$libdir/liblariat.so" | awk '$1 == "SONAME" { print $2 }')
[ "$soname" = liblariat.so.0 ] || fail "the soname is $soname"

if [ $have_glib = yes ]; then
    cat >"$dir/glib.c" <<'END'
#include <lariat/glib.h>
#include <lariat/version.h>
#include <stdio.h>

int main(void)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_loop *loop;
    opts.flags = LARIAT_LOOP_EMBED;
    int err = lariat_loop_new(&opts, &loop);
    if (err < 0) {
        puts(lariat_explain_setup(err));
        return 77;
    }
    GSource *source = lariat_glib_source_new(loop);
    lariat_loop_unref(loop);
    if (source == NULL)
        return 1;
    g_source_unref(source);
    puts("hello from " LARIAT_VERSION_STRING);
    return 0;
}
END
    read -ra flags <<<"$(installed --cflags --libs lariat-glib)"
    "${cc[@]}" -o "$dir/glib" "$dir/glib.c" "${flags[@]}" || fail "the GLib example does not build with ${flags[*]}"
    run "$dir/glib"
    soname=$(objdump -p "$libdir/liblariat-glib.so" | awk '$1 == "SONAME" { print $2 }')
    [ "$soname" = liblariat-glib.so.0 ] || fail "the soname is $soname"
    objdump -p "$libdir/liblariat-glib.so" | grep -q 'NEEDED.*liblariat.so.0' ||
        fail "liblariat-glib.so does not name liblariat.so.0"
fi

if [ $have_monitor = yes ]; then
    cat >"$dir/monitor.c" <<'END'
#include <lariat/monitor.h>
#include <lariat/version.h>
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
    read -ra flags <<<"$(installed --cflags --libs lariat-monitor)"
    "${cc[@]}" -o "$dir/monitor" "$dir/monitor.c" "${flags[@]}" || fail "lariat-monitor does not build with ${flags[*]}"
    run "$dir/monitor" "$dir/socket"
    [ ! -e "$dir/socket" ] || fail "the control socket stayed behind"
fi

read -ra flags <<<"$(installed --static --cflags --libs lariat)"
liburing_dir=$("$pkg_config" --variable=libdir liburing)
if [ -e "$liburing_dir/liburing.a" ]; then
    "${cc[@]}" -static -o "$dir/static" "$dir/ex.c" "${flags[@]}" ||
        fail "the example does not build with -static ${flags[*]}"
    run "$dir/static"
else
    echo "SKIP: there is no liburing.a to link a static program with"
fi

make_here -s uninstall >"$dir/uninstall.log" 2>&1 || {
    cat "$dir/uninstall.log"
    fail "make uninstall"
}
left=$(find "$stage" ! -type d)
[ -z "$left" ] || fail "make uninstall left behind: $left"
[ -e "$srcdir/lariat.pc.in" ] # the source tree was not touched
echo "installed, used and uninstalled"
