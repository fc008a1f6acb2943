# SPDX-License-Identifier: MIT

include tools/ctl/local.mk
include tools/nbd/local.mk

EXTRA_DIST += \
	tools/check \
	tools/count-tests \
	tools/setup.sh \
	tools/try \
	$(NULL)
