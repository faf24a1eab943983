#!/bin/sh
# bench_threads.sh [THREADS] - this server beside every gdbserver and lldb-server that can be
# found, attached to a program of many threads, in one run (threads.c says how); sizes at the end.
# The servers of the clients' folder (`make clients`) take part when it is there.
set -eu
sh tests/bench/build.sh
dir=build/bench
count=${1:-1000}
. tests/bench/servers.sh
echo "$(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), Linux $(uname -r | cut -d- -f1), $count threads"

# table CLIENT: one table, the servers' lines on standard input.
table() {
	lines=$(cat)
	set -f
	IFS='
'
	set -- "$1" $lines
	unset IFS
	set +f
	client=$1
	shift
	$dir/threads -n "$count" "$client" $dir/prog $dir "$@" || true
}
echo
echo "As gdb asks:"
{
	echo 'stubborn=build/stubborn --once --attach $ADDR $PID'
	gdbserver_here '--once --attach $ADDR $PID'
	gdbserver_new '--once --attach $ADDR $PID'
} | table gdb
echo
echo "As lldb asks:"
{
	echo 'stubborn=build/stubborn gdbserver --attach $PID $ADDR'
	lldb_server_here 'gdbserver --attach $PID $ADDR'
	lldb_server_new 'gdbserver --attach $PID $ADDR'
} | table lldb

# Debian's packages are stripped too.
strip -o $dir/stripped build/stubborn
echo
echo "Bytes of the program, stripped:"
for file in $dir/stripped "$(command -v gdbserver)" $folder/usr/bin/gdbserver "$(command -v "${lldb_server:-none}")"; do
	[ ! -f "$file" ] || printf '%9d %s\n' "$(wc -c <"$file")" "$(echo "$file" | sed "s|$dir/stripped|stubborn|")"
done
