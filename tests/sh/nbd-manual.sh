# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-nbd: help, manual and completion have the same options.
set -euo pipefail
export LC_ALL=C
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"
# shellcheck source=tools/completion/lariat-nbd
. "$LARIAT_SRCDIR/tools/completion/lariat-nbd"

in_help=$("$lariat_nbd" --help | sed -n 's/^  \(--[a-z-]*=\{0,1\}\).*/\1/p' | sort)
[ "$(wc -l <<<"$in_help")" -ge 18 ] || fail "the help has fewer options than 18: $in_help"
in_manual=$(sed -n '/^=head1 OPTIONS/,/^=head1 SIGNALS/s/^=item //p' "$LARIAT_SRCDIR/doc/lariat-nbd.pod" |
    sed 's/, /\n/g' | sed 's/^B<\(--[a-z-]*\)>\(=\{0,1\}\).*/\1\2/' | sort)
[ "$in_manual" = "$in_help" ] || fail "the manual has other options: $(diff <(echo "$in_help") <(echo "$in_manual"))"

offers() # WORD...
{
    COMP_WORDS=(lariat-nbd "$@") COMP_CWORD=$# COMPREPLY=()
    _lariat_nbd 2>/dev/null || true
    printf '%s\n' "${COMPREPLY[@]}" | sort
}
[ "$(offers --)" = "$in_help" ] || fail "the completion has other options: $(diff <(echo "$in_help") <(offers --))"
[ "$(offers --cache = n)" = none ] || fail "--cache=n is not completed"
: >"$dir/a.img"
[ "$(offers --export = path = "$dir/a")" = "$dir/a.img" ] || fail "--export=path= is not completed"
[ "$(offers --export-file = "$dir/a")" = "$dir/a.img" ] || fail "--export-file= is not completed"
echo "lariat-nbd: help, manual and completion say the same"
