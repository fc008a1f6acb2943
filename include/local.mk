# SPDX-License-Identifier: MIT

pkginclude_HEADERS = \
	include/lariat/api.h \
	include/lariat/bh.h \
	include/lariat/file.h \
	include/lariat/group.h \
	include/lariat/handler.h \
	include/lariat/iothread.h \
	include/lariat/lariat.h \
	include/lariat/loop.h \
	include/lariat/op.h \
	include/lariat/poll.h \
	include/lariat/poller.h \
	include/lariat/property.h \
	include/lariat/stats.h \
	include/lariat/timer.h \
	$(NULL)

nodist_pkginclude_HEADERS = \
	include/lariat/version.h \
	$(NULL)
