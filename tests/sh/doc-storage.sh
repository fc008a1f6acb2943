# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The code that lariat-storage(7) shows stands so in the sources: after a line "F<FILE>:" each line that is indented, in order and
# without a gap; "..." stands for lines left out. The first line of a piece has to be one that does not stand elsewhere before.
set -euo pipefail
cd "${LARIAT_SRCDIR:?}"

awk '
function trim(s) { sub(/^ +/, "", s); return s }
function fail(what) { print "FAIL: line " NR ": " what; failed = 1; exit 1 }
/^F<.*>:$/ {
    file = substr($0, 3, length($0) - 4)
    for (n = 0; (getline line < file) > 0;) source[++n] = trim(line)
    close(file)
    if (!n) fail("there is no " file)
    place = 0
    next
}
/^    / && file != "" {
    text = trim($0)
    if (text == "...") { gap = 1; next }
    start = place ? place + 1 : 1
    for (i = start; i <= n && source[i] != text; i++) if (place && !gap) break
    if (i > n || source[i] != text) fail("not in " file ", or not there: " text)
    place = i; gap = 0; shown++
    next
}
/^$/ && place { # a blank line inside code is one of the source, too
    if (source[place + 1] == "") place++
    next
}
/^[^ ]/ { file = ""; place = 0 }
END { if (!failed) { if (shown < 50) { print "FAIL: only " shown " lines of code"; exit 1 } print shown " lines of code stand so in the sources" } }
' doc/lariat-storage.pod
