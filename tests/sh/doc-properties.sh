# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The properties in doc/lariat-iothread.pod are those of the library's table: the same names in the same order, each with
# the same type, values and default, and live or not.
set -euo pipefail
export LC_ALL=C

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# =item B<poll-max-ns> (duration, 0 to 9223372036854775807, default 32768, live)
sed -n 's/^=item B<\([a-z-]*\)> (\([a-z]*\), \(.*\), default \([^,]*\), \(live\|at creation\))$/\1\t\2\t\3\t\4\t\5/p' \
    "${LARIAT_SRCDIR:?}/doc/lariat-iothread.pod" | sed 's/\tempty\t/\t\t/; s/\tat creation$/\tnew/' >"$dir/page"
"${LARIAT_BUILDDIR:?}/tests/list-properties" >"$dir/table"

[ -s "$dir/table" ] || {
    echo "FAIL: the library has no properties"
    exit 1
}
diff -u --label "doc/lariat-iothread.pod" --label "the library" "$dir/page" "$dir/table" || {
    echo "FAIL: the page and the library differ"
    exit 1
}
echo "$(wc -l <"$dir/table") properties, all in the page"
