#!/bin/sh
# session_gdb.sh [SERVER [CLIENT]] - the scripted session in a gdb; each answer is one ok/not ok line.
#   SERVER  default build/stubborn (gdbserver's command line)      CLIENT  default gdb
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
client=${2:-gdb}
who=$client
. tests/live/session_lib.sh
. tests/live/sleeps.sh

version=$($client --version 2>/dev/null | sed -n '1s/.* \([0-9][0-9]*\)\.[0-9.]*$/\1/p')
if [ -z "$version" ]; then
	echo "skip $who (it does not start)"
	exit 0
fi
who="gdb $version on $(basename "${server%% *}")"
marker='echo \n@@ @NAME@\n'

# What a right session says all the same: that the C library's sources are not here (gdb 16's way).
allowed='^warning: [0-9]+[[:space:]]+\.\.?/[a-z/_0-9.-]*\.[ch]: No such file or directory$'

# run_gdb STEPS SYSROOT: plays the steps; gdb reads them as if typed, so an error stops nothing.
run_gdb() {
	out=$dir/$(basename "$1").out
	{
		cat <<-END
			set confirm off
			set pagination off
			set width 0
			set style enabled off
			set print null-stop on
			set sysroot $2
			file @PROG@
		END
		steps commands "$1"
	} | fill_in >"$dir/commands"
	# Whoever started us may have had SIGINT ignored (a background job), and gdb would inherit that.
	timeout 200 env --default-signal=INT $client -nx -q -iex 'set prompt' -iex 'set debuginfod enabled off' \
		<"$dir/commands" >"$out" 2>&1
	check_part "$1" "$out" "$allowed"
}

if start "$dir/server" $server --once 127.0.0.1:0 build/session one 'two words'; then
	run_gdb $here/session.gdb "$INSIDE/"
	pid=$(program "$dir")
	if is_gone "${pid:-0}"; then
		is_wrong detach-leaves-it-running "$(tail -n 3 "$dir/server")"
	else
		is_ok detach-leaves-it-running
	fi
	first=$server_pid
	if is_gone "$first"; then
		is_wrong once-stays-with-its-program "$(tail -n 3 "$dir/server")"
	else
		is_ok once-stays-with-its-program
	fi
fi
if [ -n "${pid:-}" ] && start "$dir/server2" $server --once --attach 127.0.0.1:0 "$pid"; then
	run_gdb $here/attach.gdb "$INSIDE/"
	if until_true 60 is_gone "$pid"; then
		is_ok kill-ends-the-program
	else
		is_wrong kill-ends-the-program "process $pid is still there"
	fi
	if until_true 60 is_gone "$first"; then
		is_ok once-ends-with-its-program
	else
		is_wrong once-ends-with-its-program "process $first is still there"
	fi
fi
if $OUTSIDE "$INSIDE$PWD/${server%% *}" --version >/dev/null 2>&1; then
	run_gdb $here/pipe.gdb /
else
	echo "skip $who: pipe ($server does not run where the client runs)"
fi
if start "$dir/server3" $server --multi 127.0.0.1:0; then
	build/session >/dev/null 2>&1 &
	pid=$!
	run_gdb $here/extended.gdb "$INSIDE/"
	if is_gone "$pid"; then
		is_wrong extended-detach-leaves-it-running "process $pid is gone"
	else
		is_ok extended-detach-leaves-it-running
	fi
fi
[ $failures -eq 0 ]
