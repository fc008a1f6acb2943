# SPDX-License-Identifier: MIT
# The control socket, which needs jansson. It uses the library as its users do: through the public headers only.

EXTRA_DIST += lib/monitor/liblariat-monitor.map

if HAVE_JANSSON
# All objects, for the suites that call internal functions.
noinst_LTLIBRARIES += lib/monitor/liblariat_monitor_core.la

lib_monitor_liblariat_monitor_core_la_SOURCES = \
	lib/monitor/buffer.c \
	lib/monitor/buffer.h \
	lib/monitor/client.c \
	lib/monitor/client.h \
	lib/monitor/command.c \
	lib/monitor/command.h \
	lib/monitor/command_iothreads.c \
	lib/monitor/command_objects.c \
	lib/monitor/command_qom.c \
	lib/monitor/event.c \
	lib/monitor/event.h \
	lib/monitor/job.c \
	lib/monitor/job.h \
	lib/monitor/listener.c \
	lib/monitor/listener.h \
	lib/monitor/monitor.c \
	lib/monitor/monitor.h \
	lib/monitor/objects.c \
	lib/monitor/objects.h \
	lib/monitor/property_json.c \
	lib/monitor/property_json.h \
	lib/monitor/request.c \
	lib/monitor/request.h \
	lib/monitor/splitter.c \
	lib/monitor/splitter.h \
	$(NULL)
lib_monitor_liblariat_monitor_core_la_CPPFLAGS = $(public_cppflags) $(JANSSON_CFLAGS)
lib_monitor_liblariat_monitor_core_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden

lib_LTLIBRARIES += lib/monitor/liblariat-monitor.la

lib_monitor_liblariat_monitor_la_SOURCES =
lib_monitor_liblariat_monitor_la_LIBADD = lib/monitor/liblariat_monitor_core.la lib/liblariat.la $(JANSSON_LIBS)
lib_monitor_liblariat_monitor_la_LDFLAGS = \
	$(AM_LDFLAGS) \
	-version-info $(LARIAT_LT_VERSION) \
	-Wl,--version-script=$(top_srcdir)/lib/monitor/liblariat-monitor.map \
	-Wl,-z,now \
	-Wl,-z,relro \
	-Wl,-z,nodelete \
	$(NO_UNDEFINED_LDFLAGS) \
	$(NULL)
EXTRA_lib_monitor_liblariat_monitor_la_DEPENDENCIES = lib/monitor/liblariat-monitor.map

pkginclude_HEADERS += include/lariat/monitor.h
pkgconfig_DATA += lariat-monitor.pc
endif
