# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-ctl top in a real terminal: what it shows, its keys, sizes, stops, and that it leaves the terminal as it was.
set -euo pipefail

# shellcheck source=tests/sh/ctl-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/ctl-functions.sh"
command -v tmux >/dev/null || skip "tmux was not found (Debian package: tmux)"
start_server 200 1000

# A tmux server of its own, which at_exit ends. The shell in it marks each of its prompts.
tmux_name=lariat-ctl-test-$$
export TMUX_TMPDIR=$dir
unset TMUX
mux() { tmux -L "$tmux_name" -f /dev/null "$@"; }
screen() { mux capture-pane -p; }
shows() { screen | grep -q -E -e "$1"; }
hides() { ! shows "$1"; }
keys() { mux send-keys "$@"; }
see() { wait_until shows "$1"; }
poll_max_is() { [ "$("$lariat_ctl" get "$1" poll-max-ns)" = "$2" ]; }

printf 'PS1="status \\$? ready> "\nPROMPT_COMMAND=\nexport LARIAT_SOCKET=%q LC_ALL=C.UTF-8\nalias t=%q\n' \
    "$socket" "$lariat_ctl" >"$dir/rc"
mux new-session -d -x 100 -y 12 "exec env -u NO_COLOR ${BASH:?} --noprofile --rcfile '$dir/rc' -i 9>&-"
see '^status 0 ready> *$'
keys 'stty -g >'"$dir"'/tty-before' Enter 't top -i 0.1' Enter
see 'q quit'

# What there is to see, with bars of the window's history.
see '^lariat-ctl top  2 iothreads  [0-9.]+k IOPS  every 0.1 s'
see '^  ID +THREAD POLICY +MAX +WINDOW +HIT +SPIN SLEEP CALLB +IOPS BATCH WAKE/S +HISTORY$'
see '^> io0 +[0-9]+ auto    +200 us +[0-9.]+ [nu]s +([0-9.]+ %|-) +[0-9.]+ % +[0-9.]+ % +[0-9.]+ % [0-9.]+k? '
see '^  io1 .* [.▁▂▃▄▅▆▇█]{5,}$'

# Keys.
keys Down
see '^> io1'
keys + +
wait_until poll_max_is io1 800000
see 'io1: poll-max-ns is now 800 us'
keys -- -
wait_until poll_max_is io1 400000
keys 0
wait_until poll_max_is io1 0
keys +
wait_until poll_max_is io1 4000
see '^> io1 .* 4\.00 us '
keys Up 0
wait_until poll_max_is io0 0
keys s
see 'by IOPS'
see '^> io0'
keys p
see PAUSED
keys p
wait_until hides PAUSED
keys s s s
wait_until hides ' by '

# A narrow screen, a flat one, and more iothreads than lines.
mux resize-window -x 46 -y 12
see '^> io0 .{30,40}$'
wait_until hides 'WAKE/S'
for n in 2 3 4 5 6 7 8 9 10 11; do "$lariat_ctl" add "io$n"; done
mux resize-window -x 90 -y 7
see '1-3 of 12 iothreads'
keys Down Down Down
see '2-4 of 12 iothreads'
see '^> io3'
keys End
see '^> io11'
see '10-12 of 12 iothreads'
"$lariat_ctl" del io11
see '9-11 of 11 iothreads'
see '^> io10'
keys PageUp g
see '^> io0'
mux resize-window -x 100 -y 3
see '^> io0'
mux resize-window -x 100 -y 20
see '^  io10 '

# Stopped and back again: the shell has its terminal meanwhile.
keys C-z
see 'ready> *$'
keys 'stty -g >'"$dir"'/tty-stopped' Enter
wait_until [ -s "$dir/tty-stopped" ]
cmp "$dir/tty-before" "$dir/tty-stopped" || fail "stopped, it leaves the terminal in another state"
keys fg Enter
see '^> io0'
see 'q quit'

# Each way to end: the status, the terminal, and the screen of before.
ends() # STATUS
{
    see "^status $1 ready> *\$"
    hides 'q quit' || fail "the screen of before is not back"
    rm -f "$dir/tty-after"
    keys 'stty -g >'"$dir"'/tty-after' Enter
    wait_until [ -s "$dir/tty-after" ]
    cmp "$dir/tty-before" "$dir/tty-after" || fail "the terminal is in another state"
    [ "$(mux display-message -p '#{cursor_flag} #{alternate_on} #{wrap_flag}')" = '1 0 1' ] ||
        fail "cursor, screen and wrapping are not as before: $(mux display-message -p '#{cursor_flag} #{alternate_on} #{wrap_flag}')"
    keys C-l
}
again()
{
    keys "t top -i 0.1" Enter
    see 'q quit'
}
top_pid() # the child of the shell in the terminal
{
    local shell status
    shell=$(mux display-message -p '#{pane_pid}')
    for status in /proc/[0-9]*/status; do
        ! grep -q "^PPid:[[:space:]]*$shell\$" "$status" 2>/dev/null || basename "${status%/status}"
    done
}

keys q
ends 0
again
keys C-c
ends 130
again
kill -TERM "$(top_pid)"
see 'Terminated'
ends 143

# Without colours there are no attributes; with them the selected line is reversed.
again
mux capture-pane -p -e >"$dir/out"
grep -q -P '^\x1b\[(0;)?7m(\x1b\[[34]9m)*> io0' "$dir/out" || fail "the selected line is not reversed"
keys q
ends 0
keys 'export NO_COLOR=1' Enter
again
mux capture-pane -p -e >"$dir/out"
! grep -q -P '\x1b\[[0-9;]*[1-9]' "$dir/out" || fail "there are attributes in spite of NO_COLOR"
keys q
ends 0

# Signals in the middle of a wait for a server that does not answer; and one that ends.
again
kill -STOP "$server_pid"
keys q C-c
ends 130
kill -CONT "$server_pid"
again
stop_server
see 'lariat-ctl: the program behind .* closed the connection'
ends 3

echo "lariat-ctl top: seen in a terminal"
