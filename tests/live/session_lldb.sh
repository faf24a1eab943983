#!/bin/sh
# session_lldb.sh [SERVER [CLIENT]] - the scripted session in an lldb; each answer is one ok/not ok
# line. The whole session runs on a server that waits for lldb (`SERVER gdbserver`), then the shorter
# ones on servers that lldb starts itself, which also launch and attach.
#   SERVER  default build/stubborn      CLIENT  default: the newest lldb of the host
# LAUNCHED=1 plays the whole session on a server that lldb started: right for lldb-server too.
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
newest() {
	for name in lldb lldb-22 lldb-21 lldb-20 lldb-19; do
		command -v $name && return
	done
	echo lldb
}
client=${2:-$(newest)}
who=$client
. tests/live/session_lib.sh
. tests/live/sleeps.sh

version=$($client --version 2>/dev/null | sed -n 's/.*version \([0-9][0-9]*\).*/\1/p' | head -1)
if [ -z "$version" ]; then
	echo "skip $who (it does not start)"
	exit 0
fi
who="lldb $version on $(basename "$server")"
marker='# @@ @NAME@'

# What a right session says all the same: how much of a range could be read.
allowed='^warning: Not all bytes \([0-9]+/[0-9]+\) were able to be read from 0x'

# lldb runs a command file one command after the other, so nothing can be said while the program runs.
# What comes after the first `poke` is therefore typed: `poke` and `continue` stand for continue,
# and when the program runs process interrupt, which sends what Ctrl-C sends; and on when lldb has
# said that it stopped.
stops() {
	grep -c '^Process [0-9]* stopped' "$out"
}
has_stopped() {
	[ "$(stops)" -gt "$before" ]
}
interrupt() {
	before=$(stops)
	echo continue
	until_it_sleeps "$(program "$dir")"
	echo process interrupt
	until_true 60 has_stopped
}
type_in() {
	until_true 200 test -e "$dir/go"
	while IFS= read -r line; do
		case $line in
		*"$dir/poke"*) ;;
		continue) interrupt ;;
		*) echo "$line" ;;
		esac
	done <"$dir/typed"
	sleep 0.5
}
# What lldb is made to wait for: that it has shown the thread that was selected last.
cat >"$dir/shown" <<END
for i in \$(seq 600); do
	awk '/^.lldb. thread select/ { shown = 0 } /^. thread #1,/ { shown = 1 } END { exit !shown }' \\
		"$dir/session.lldb.out" && exit
	sleep 0.1
done
END
# run_lldb STEPS OPEN: plays the steps; OPEN stands for @OPEN@.
run_lldb() {
	out=$dir/$(basename "$1").out
	rm -f "$dir/go"
	{
		cat <<-END
			settings set use-color false
			settings set interpreter.prompt-on-quit false
			settings set target.skip-prologue true
			target create @PROG@
		END
		steps commands "$1"
		echo quit
	} | awk -v open="$2" '$0 == "@OPEN@" { print open; next } { print }' | fill_in >"$dir/all"
	: >"$dir/commands"
	: >"$dir/typed"
	awk -v poke="$dir/poke" -v file="$dir/commands" -v typed="$dir/typed" '
		index($0, poke) { later = 1 } { print > (later ? typed : file) }' "$dir/all"
	[ ! -s "$dir/typed" ] || echo "platform shell -h -- touch $dir/go" >>"$dir/commands"
	if [ -s "$dir/typed" ]; then type_in; fi |
		LLDB_DEBUGSERVER_PATH=$(command -v "$server" | sed "s|^\([^/]\)|$PWD/\1|") \
			SESSION_WORD='over the wire' timeout 200 $client -x \
			-O 'settings set interpreter.stop-command-source-on-error false' \
			-s "$dir/commands" >"$out" 2>&1
	fill_in <"$1" >"$dir/steps"
	check_part "$dir/steps" "$out" "$allowed"
}
select_platform() {
	[ -z "$INSIDE" ] || echo "platform select remote-linux --sysroot $INSIDE"
}
runs_there() {
	$OUTSIDE "$INSIDE$(command -v "$server" | sed "s|^\([^/]\)|$PWD/\1|")" "$@" >/dev/null 2>&1
}

if [ -n "${LAUNCHED:-}" ]; then
	run_lldb $here/session.lldb 'process launch --stop-at-entry -- one "two words"'
	pid=$(sed -n 's/^Process \([0-9]*\) launched.*/\1/p' "$dir/session.lldb.out")
elif start "$dir/server" $server gdbserver 127.0.0.1:0 -- build/session one 'two words'; then
	run_lldb $here/session.lldb 'gdb-remote @COMM@'
	pid=$(sed -n 's/^Process \([0-9]*\) detached.*/\1/p' "$dir/session.lldb.out")
fi
echo "${pid:-0}" >"$dir/pid"
if is_gone "${pid:-0}"; then
	is_wrong detach-leaves-it-running "${pid:-no process} is gone"
else
	is_ok detach-leaves-it-running
fi
if runs_there version || runs_there --version; then
	run_lldb $here/attach.lldb "process attach -p ${pid:-0}"
	if until_true 60 is_gone "${pid:-0}"; then
		is_ok kill-ends-the-program
	else
		is_wrong kill-ends-the-program "process $pid is still there"
	fi
	run_lldb $here/launch.lldb ''
else
	echo "skip $who: launch ($server does not run where the client runs)"
fi
[ $failures -eq 0 ]
