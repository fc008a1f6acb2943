# SPDX-License-Identifier: MIT

# LARIAT_OPTIONAL_MODULE(PREFIX, MODULE, PURPOSE)
# Looks for a pkg-config module that we can do without: sets have_prefix, the conditional
# HAVE_PREFIX, the macro HAVE_PREFIX and the usual PREFIX_CFLAGS and PREFIX_LIBS.
AC_DEFUN([LARIAT_OPTIONAL_MODULE], [
    AS_VAR_PUSHDEF([have], [have_]m4_tolower([$1]))
    PKG_CHECK_MODULES([$1], [$2],
        [have=yes
         AC_DEFINE([HAVE_$1], [1], [Define to 1 if there is $3.])],
        [have=no])
    AM_CONDITIONAL([HAVE_$1], [test $have = yes])
    AS_VAR_POPDEF([have])
])

# LARIAT_OPTIONAL_LIBEV
# libev comes without a pkg-config file.
AC_DEFUN([LARIAT_OPTIONAL_LIBEV], [
    have_libev=no
    LIBEV_LIBS=
    AC_CHECK_HEADER([ev.h],
        [AC_CHECK_LIB([ev], [ev_run], [have_libev=yes; LIBEV_LIBS=-lev])])
    AC_SUBST([LIBEV_LIBS])
    AS_IF([test $have_libev = yes],
        [AC_DEFINE([HAVE_LIBEV], [1], [Define to 1 if there is libev: the microbenchmark.])])
    AM_CONDITIONAL([HAVE_LIBEV], [test $have_libev = yes])
])

# LARIAT_WARNINGS
# -Wpedantic goes together with -std=gnu11: it then accepts what gnu11 defines.
AC_DEFUN([LARIAT_WARNINGS], [
    AC_ARG_ENABLE([werror],
        [AS_HELP_STRING([--enable-werror], [let compiler warnings stop the build])],
        [], [enable_werror=no])
    WARN_CFLAGS="-Wall -Wextra -Wpedantic -Wshadow -Wconversion"
    AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
    AC_SUBST([WARN_CFLAGS])
])

# LARIAT_SANITIZERS
# Sets SAN_CFLAGS (for compiling and linking) and NO_UNDEFINED_LDFLAGS: a shared library that is
# built with a sanitizer leaves symbols undefined that only the program brings.
AC_DEFUN([LARIAT_SANITIZERS], [
    AC_ARG_ENABLE([sanitizers],
        [AS_HELP_STRING([--enable-sanitizers=LIST],
            [build with sanitizers: a comma separated list of address, undefined, thread])],
        [], [enable_sanitizers=no])
    AS_CASE([$enable_sanitizers],
        [no], [sanitizers=],
        [yes], [AC_MSG_ERROR([--enable-sanitizers needs a list, as in --enable-sanitizers=address,undefined])],
        [sanitizers=$enable_sanitizers])
    for name in `AS_ECHO(["$sanitizers"]) | tr , ' '`; do
        AS_CASE([$name],
            [address|undefined|thread], [],
            [AC_MSG_ERROR([--enable-sanitizers: unknown sanitizer '$name' (there are: address, undefined, thread)])])
    done
    AS_CASE([",$sanitizers,"],
        [*,address,*thread,*|*,thread,*address,*],
            [AC_MSG_ERROR([--enable-sanitizers: thread and address exclude each other])])
    SAN_CFLAGS=
    NO_UNDEFINED_LDFLAGS="-Wl,--no-undefined"
    AS_IF([test -n "$sanitizers"], [
        SAN_CFLAGS="-fsanitize=$sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"
        NO_UNDEFINED_LDFLAGS=
        lariat_save_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS $SAN_CFLAGS"
        AC_MSG_CHECKING([whether $CC links with -fsanitize=$sanitizers])
        AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
            [AC_MSG_RESULT([no])
             AC_MSG_ERROR([$CC has no -fsanitize=$sanitizers here])])
        CFLAGS=$lariat_save_CFLAGS
    ])
    AC_SUBST([SAN_CFLAGS])
    AC_SUBST([NO_UNDEFINED_LDFLAGS])
    AM_CONDITIONAL([SANITIZED], [test -n "$sanitizers"])
])

# LARIAT_BASH_COMPLETION
# Sets bashcompletiondir, as the module bash-completion names it, or as it would.
AC_DEFUN([LARIAT_BASH_COMPLETION], [
    AC_ARG_WITH([bash-completion-dir],
        [AS_HELP_STRING([--with-bash-completion-dir=DIR], [where to install the completion for bash])],
        [], [with_bash_completion_dir=yes])
    AS_CASE([$with_bash_completion_dir],
        [yes|no],
            [bashcompletiondir=`$PKG_CONFIG --define-variable=datadir='${datadir}' \
                --variable=completionsdir bash-completion 2>/dev/null`
             AS_CASE([$bashcompletiondir],
                 ['${datadir}'/*], [],
                 [bashcompletiondir='${datadir}/bash-completion/completions'])],
        [bashcompletiondir=$with_bash_completion_dir])
    AC_SUBST([bashcompletiondir])
])
