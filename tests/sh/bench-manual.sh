# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the table of options says everywhere: --help, --cmdhelp, the manual page and the completion name the same options.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"

good --cmdhelp
awk -F ' *: ' '{ print $1 }' "$dir/out" | sort >"$dir/all"
awk -F ' *: ' '$2 != "ignored" && $2 != "not supported" { print $1 }' "$dir/out" | sort >"$dir/known"
awk -F ' *: ' '$2 != "ignored" && $2 != "not supported" && $2 != "not built yet" { print $1 }' "$dir/out" | sort >"$dir/built"
[ "$(wc -l <"$dir/all")" -gt 200 ] || fail "--cmdhelp lists few options"

same() # WHAT FILE
{
    diff "$2" "$dir/names" >"$dir/diff" || fail "$1 names other options: $(cat "$dir/diff")"
}

good --help
sed -n 's/^  --\([a-z0-9_]*\)[= ].*/\1/p' "$dir/out" | sort >"$dir/names"
same --help "$dir/built"

# Each is shown with its name, and what it is good for.
while read -r name; do
    good --cmdhelp="$name"
    grep -q "^ *$name: ." "$dir/out" || fail "--cmdhelp=$name does not tell about it"
    [ ! -s "$dir/err" ] || fail "--cmdhelp=$name wrote to stderr"
done <"$dir/all"

# The page says the same where it is made without the program.
good --cmdhelp=pod
"$LARIAT_BUILDDIR/bench/print-options" | cmp - "$dir/out" || fail "print-options differs from --cmdhelp=pod"

page=$(find "$LARIAT_BUILDDIR/doc" "$LARIAT_SRCDIR/doc" -name lariat-bench.1 2>/dev/null | head -n 1) || true
if [ -n "$page" ]; then
    sed -n 's/^\.IP "\\fB\\-\\-\([a-z0-9_]*\)\\fR.*/\1/p' "$page" | sort >"$dir/names"
    same "$page" "$dir/all"
else
    skip_part "the manual page was not built (Debian package: perl)"
fi

# shellcheck source=tools/completion/lariat-bench
. "$LARIAT_SRCDIR/tools/completion/lariat-bench"

# What TAB behind these words offers: bash has cut them at blanks and at each '=', which is a word of its own.
offers_only() # LIST WORD...
{
    local list=$1 offered
    shift
    COMP_WORDS=("$lariat_bench" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _lariat_bench "$lariat_bench" 2>/dev/null || true
    offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
    [ "$offered" = "$list " ] || fail "behind '$*' is offered: $offered"
}

COMP_WORDS=("$lariat_bench" --)
COMP_CWORD=1
COMPREPLY=()
_lariat_bench "$lariat_bench" 2>/dev/null || true
printf '%s\n' "${COMPREPLY[@]}" | sed 's/^--//; s/=$//' | sort >"$dir/names"
same "the completion" "$dir/known"

offers_only '--poll_max_ns=' --poll-max
offers_only '--iodepth_low=' -iodepth_l
offers_only '--time_based' --name=x --time
offers_only 'read readwrite' --rw = rea
offers_only 'json json+' --output-format = js
offers_only 'poisson' --rate-process = p
offers_only 'liburing' --ioengine libu
offers_only 'tune' tu
offers_only '--cpu_budget=' tune --cpu-b
offers_only '--iodepth_low=' tune --iodepth_l
offers_only 'balanced' tune --objective = ba
offers_only 'csv' tune --output-format = cs
cd "$dir"
: >jobs.fio
offers_only 'jobs.fio' jo
offers_only 'jobs.fio' --filename = jo

echo "lariat-bench: help, manual and completion name the same options"
