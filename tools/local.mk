# SPDX-License-Identifier: MIT

EXTRA_DIST += \
	tools/check \
	tools/count-tests \
	tools/setup.sh \
	tools/try \
	$(NULL)
