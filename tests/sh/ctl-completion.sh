# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The completion for bash: the same commands and options as --help and the manual, and, with a program to ask, its ids and
# properties.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/sh/ctl-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/ctl-functions.sh"
# shellcheck source=tools/completion/lariat-ctl
. "$LARIAT_SRCDIR/tools/completion/lariat-ctl"

# What TAB behind these words offers: bash has cut them at blanks and at each '=', which is a word of its own.
offers() # WORD...
{
    COMP_WORDS=("$lariat_ctl" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _lariat_ctl "$lariat_ctl" 2>/dev/null || true
    printf '%s\n' "${COMPREPLY[@]}" | sed '/^$/d' | sort
}

offers_only() # LIST WORD...
{
    local expected
    expected=$(tr ' ' '\n' <<<"$1" | sed '/^$/d' | sort)
    shift
    offers "$@" >"$dir/out"
    [ "$(cat "$dir/out")" = "$expected" ] || fail "behind '$*' something else is offered than: $expected"
}

# The first words of the lines below a title of the help, without values. ARG...: what --help is asked of.
listed() # TITLE ARG...
{
    "$lariat_ctl" "${@:2}" --help | sed -n "/^$1:/,/^\$/s/^  \(-., \)\{0,1\}\([a-z-]*=\{0,1\}\).*/\2/p" | sed '/^$/d' | sort
}

commands=$(listed Commands)
[ "$(wc -l <<<"$commands")" = 11 ] || fail "the help lists other than 11 commands: $commands"
offers_only "$commands" ''
offers_only "$(listed Options)" --
for command in $commands; do
    offers_only "$(listed Options "$command")" "$command" --
done

# The manual: a paragraph for each option, with its letter, and for each command.
manual=$LARIAT_SRCDIR/doc/lariat-ctl.pod
in_manual=$(sed -n 's/^=item B<-.>, B<\(--[a-z]*\)>\(=I<.*>\)\{0,1\}$/\1\2/p' "$manual" | sed 's/=.*/=/' | sort)
[ "$in_manual" = "$(listed Options)" ] || fail "the manual has other options: $in_manual"
in_manual=$(sed -n 's/^=head2 \([a-z-]*\).*/\1/p' "$manual" | sort)
[ "$in_manual" = "$commands" ] || fail "the manual has other commands: $in_manual"
[ "$(wc -l <"$LARIAT_SRCDIR/tools/completion/lariat-ctl")" -le 80 ] || fail "the completion has more than 80 lines"

offers_only 'watch-events' wa
offers_only '--json' list --j
offers_only '' set io # nobody to ask
mkdir "$dir/d"
: >"$dir/d/a.sock"
offers_only "$dir/d/a.sock" --socket "$dir/d/"
offers_only "$dir/d/a.sock" --socket = "$dir/d/a"
offers_only 'list' -s "$dir/d" li
offers_only 'list' --timeout 3 li
offers_only '' stats --interval ''
offers_only '' stats -n ''

offers_only 'latency' tune io0 --objective = l
offers_only '' tune io0 --budget = 5

start_server 200 1000
offers_only 'io0 io1' --seed 3 tune ''
offers_only 'io0 io1' get ''
offers_only 'io1' --json set io1
offers_only 'io0 io1' --socket = "$socket" --timeout 1 stats ''
offers_only '' --socket = "$dir/none" stats ''
offers_only '' stats io0 ''
offers_only 'poll-max-ns' get io0 poll-m
offers_only 'poll-max-ns=' set io0 poll-m
offers_only 'poll-grow=' set io0 poll-max-ns = 5 poll-g
offers_only 'classic weighted auto' set io0 poll-policy =
offers_only 'weighted' set io0 poll-policy = w
offers_only 'on off' add io2 sqpoll =
offers_only '' set io0 poll-max-ns = 5
offers_only '' del io0 ''

echo "lariat-ctl: completion, help and manual say the same"
