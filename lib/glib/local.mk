# SPDX-License-Identifier: MIT

# Of the public headers and calls of the library only, but the tests link the objects with those of the core.
glib_sources = \
	lib/glib/context.c \
	lib/glib/source.c \
	lib/glib/watch.c \
	lib/glib/watch.h \
	$(NULL)

if HAVE_GLIB
noinst_LTLIBRARIES += lib/glib/liblariat_glib_core.la
lib_LTLIBRARIES += lib/glib/liblariat-glib.la
pkginclude_HEADERS += include/lariat/glib.h
pkgconfig_DATA += lariat-glib.pc
endif
lib_glib_liblariat_glib_core_la_SOURCES = $(glib_sources)
lib_glib_liblariat_glib_core_la_CPPFLAGS = $(public_cppflags) $(GLIB_CFLAGS)
lib_glib_liblariat_glib_core_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

lib_glib_liblariat_glib_la_SOURCES =
lib_glib_liblariat_glib_la_LIBADD = lib/glib/liblariat_glib_core.la lib/liblariat.la $(GLIB_LIBS)
lib_glib_liblariat_glib_la_LDFLAGS = \
	$(AM_LDFLAGS) \
	-version-info $(LARIAT_LT_VERSION) \
	-Wl,--version-script=$(top_srcdir)/lib/glib/liblariat-glib.map \
	-Wl,-z,now \
	-Wl,-z,relro \
	-Wl,-z,nodelete \
	$(NO_UNDEFINED_LDFLAGS) \
	$(NULL)
EXTRA_lib_glib_liblariat_glib_la_DEPENDENCIES = lib/glib/liblariat-glib.map

EXTRA_DIST += \
	include/lariat/glib.h \
	lib/glib/liblariat-glib.map \
	$(NULL)
