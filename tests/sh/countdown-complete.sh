# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Row 59 of the list of faults: each public function is under count-down injection (tests/fault/), those that cannot fail too.
set -euo pipefail

srcdir=${LARIAT_SRCDIR:?}
missing=0 n=0
while read -r function; do
    n=$((n + 1))
    grep -qw "$function" "$srcdir"/tests/fault/test_countdown_*.c || {
        echo "FAIL: no tests/fault/test_countdown_*.c calls $function()"
        missing=$((missing + 1))
    }
done < <(sed -n 's/^ *\(lariat_[a-z_0-9]*\);.*/\1/p' "$srcdir/lib/liblariat.map")

[ $n -gt 50 ] || {
    echo "FAIL: lib/liblariat.map names $n functions only"
    exit 1
}
echo "$((n - missing)) of $n functions"
[ $missing = 0 ]
