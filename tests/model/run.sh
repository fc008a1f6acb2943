#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Verifies notify.pml, the model of how a loop is notified, stopped and closed:
# the protocol as built must pass, and each mutant, which has one fault, must
# fail, and for the reason that fault brings. A mutant that passes would mean
# that the model cannot see such a fault, and that its passing proves little.
#
# Needs spin and a C compiler (CC); without them exits 77. To look at a failure:
#   spin -a -DMUTANT_... notify.pml && cc -DSAFETY -DREACH -o pan pan.c &&
#       ./pan -i; spin -t -p -g -DMUTANT_... notify.pml

set -u

# name | "pass", or the reason for which it must fail | what to define
# A mark in the list head is enough as long as nobody shares a BH: so it is the
# sharing that closed-in-head fails for, and the count that no-count fails for.
readonly runs='
everything            | pass | CANCELS DELETES EMBED
oneshots              | pass | ONESHOTS EMBED
oneshots-split-cas    | pass | ONESHOTS EMBED SPLIT_CAS
three-producers       | pass | ONESHOTS EMBED NP=3 NS=1
signal-handler        | pass | SIGNAL EMBED NP=1
mark-suffices-here    | pass | ONESHOTS CLOSED_IN_HEAD
closed-in-head        | lost_bh | CLOSED_IN_HEAD
look-before-raise     | lost_wake_up | ONESHOTS MUTANT_LOOK_BEFORE_RAISE
raise-plain           | count_wrong | ONESHOTS MUTANT_RAISE_PLAIN
raise-delayed         | lost_wake_up | ONESHOTS MUTANT_RAISE_DELAYED
bit-not-taken         | too_many_writes | ONESHOTS MUTANT_BIT_NOT_TAKEN
close-tested-first    | pushed_after_close | ONESHOTS MUTANT_CLOSE_TESTED_FIRST
close-does-not-wait   | pushed_after_close | ONESHOTS MUTANT_CLOSE_DOES_NOT_WAIT
no-count              | write_to_closed_eventfd | ONESHOTS CLOSED_IN_HEAD MUTANT_NO_COUNT
leave-before-write    | write_to_closed_eventfd | ONESHOTS MUTANT_LEAVE_BEFORE_WRITE
refused-leaves        | write_to_closed_eventfd | ONESHOTS EMBED MUTANT_REFUSED_LEAVES
owner-ignores-sleep   | lost_wake_up | SIGNAL NP=1 MUTANT_OWNER_IGNORES_SLEEP
owner-ignores-close   | pushed_after_close | MUTANT_OWNER_IGNORES_CLOSE
not-reversed          | not_in_order | ONESHOTS MUTANT_NOT_REVERSED
cleared-after         | lost_bh | MUTANT_CLEARED_AFTER
link-read-late        | lost_bh | MUTANT_LINK_READ_LATE
function-read-late    | bh_used_after_free | DELETES MUTANT_FUNCTION_READ_LATE
cancel-ignored        | run_not_owed | CANCELS MUTANT_CANCEL_IGNORED
delete-ignored        | deleted_but_run | DELETES MUTANT_DELETE_IGNORED
delete-looks-first    | never_freed | DELETES MUTANT_DELETE_LOOKS_FIRST
delete-frees-always   | bh_used_after_free | DELETES MUTANT_DELETE_FREES_ALWAYS
freed-at-once         | loop_used_after_free | DELETES MUTANT_FREED_AT_ONCE
'

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
readonly here model=$here/notify.pml
read -ra cc <<<"${CC:-cc}"

if ! command -v spin >/dev/null; then
	echo "SKIP: spin is not installed"
	exit 77
fi
if ! command -v "${cc[0]}" >/dev/null; then
	echo "SKIP: no C compiler is installed"
	exit 77
fi

tmp=$(mktemp -d) || exit 1
export TMPDIR=$tmp	# a compiler that is stopped leaves files behind
set -m	# a process group for each run, so that a verifier can be ended with it
# shellcheck disable=SC2317 # the trap calls it
stop_all()
{
	local pid
	for pid in $(jobs -p); do
		kill -- "-$pid" 2>/dev/null
	done
	wait
	rm -rf "$tmp"
}
trap stop_all EXIT
trap 'trap "" HUP INT TERM; exit 1' HUP INT TERM

# Leaves in the current directory an exhaustive verifier: what is expected of
# it, then what to define.
build()
{
	local search=(-w -DSAFETY -DCOLLAPSE -DMEMLIM=3000)

	# A mutant fails soon: its verifier takes longer to compile than to run.
	[ "$1" = pass ] && search+=(-O2)
	shift
	spin -P"${cc[*]} -E -x c" -a "$@" "$model" >spin.log 2>&1 || return
	[ -s pan.c ] && ! grep -q 'Error' spin.log || return
	# Where a process can be held up (provided), spin's reduction is not sound.
	grep -q 'define HAS_PROVIDED' pan.h && search+=(-DNOREDUCE)
	"${cc[@]}" "${search[@]}" -o pan pan.c >cc.log 2>&1
}

# Reads pan's output; prints "pass", the reason of the first failure, or what
# kept the search from being one.
verdict()
{
	local reason
	reason=$(sed -n 's/^pan:1: assertion violated .*||\([a-z_]*\)).*/\1/p' pan.log)
	if [ -n "$reason" ]; then
		echo "$reason"
	elif grep -q '^pan:1: ' pan.log; then
		sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' pan.log
	elif grep -q 'Search not completed' pan.log ||
			grep -q 'max search depth too small' pan.log; then
		echo "search not completed"
	elif grep -q 'errors: 0$' pan.log; then
		echo "pass"
	else
		echo "no result"
	fi
}

# One line on the standard output, whatever happens; false if not as expected.
run()
{
	local name=$1 expected=$2 actual states
	shift 2
	mkdir "$tmp/$name" && cd "$tmp/$name" || return 1
	if build "$expected" "${@/#/-D}"; then
		# -b: a path longer than -m is an error, not a shorter search
		timeout --foreground 300 ./pan -b -m10000 -w22 -n >pan.log 2>&1
		actual=$(verdict)
	else
		actual="not built"
		cat spin.log cc.log >&2 2>/dev/null
	fi
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log 2>/dev/null)
	printf '%-20s expected %-24s got %-24s %s states\n' \
		"$name" "$expected" "$actual" "${states:-no}"
	rm -rf "${tmp:?}/$name"
	[ "$actual" = "$expected" ]
}

n_running=0
status=0
while IFS='|' read -r name expected defines; do
	[ -n "$name" ] || continue
	if [ "$n_running" -ge "$(nproc)" ]; then
		wait -n || status=1
		n_running=$((n_running - 1))
	fi
	read -ra words <<<"$defines"
	run "${name// /}" "${expected// /}" "${words[@]}" </dev/null &
	n_running=$((n_running + 1))
done <<<"$runs"
while [ "$n_running" -gt 0 ]; do
	wait -n || status=1
	n_running=$((n_running - 1))
done
exit "$status"
