#!/bin/sh
# bench.sh [ROW] - this server beside every gdbserver and lldb-server that can be found, in one run
# (bench.c says how), what real debuggers do with them (sessions.sh), then the exact counts of this
# one. The servers of the clients' folder (`make clients`) take part when it is there: run in place
# by the folder's own loader. What is printed is the table of README.md.
set -eu
sh tests/bench/build.sh
dir=build/bench
. tests/bench/servers.sh

row=${1:-}
others=$(gdbserver_here '--once $ADDR $PROG $PLACES'; lldb_server_here 'gdbserver $ADDR -- $PROG $PLACES'
	gdbserver_new '--once $ADDR $PROG $PLACES'; lldb_server_new 'gdbserver $ADDR -- $PROG $PLACES')
# A line each; nothing in them is to be looked for among files.
set -f
IFS='
'
set -- 'stubborn=build/stubborn --once $ADDR $PROG $PLACES' $others
unset IFS
set +f

# The program that is served has 8 threads more, which wake and sleep all the time.
with_threads() {
	for server; do
		shift
		set -- "$@" "${server% \$PLACES} \$PLACES 9 awake"
	done
	$dir/bench -m 'false conditions' -l '8 threads beside' $dir/prog $dir "$@" bare=bare
}

echo "$(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), Linux $(uname -r | cut -d- -f1)"
echo
$dir/bench ${row:+-m "$row"} $dir/prog $dir "$@" bare=bare
if [ -z "$row" ]; then
	with_threads "$@"
	$dir/bench -b 2 -l 'two processes computing beside' $dir/prog $dir "$@" bare=bare
	echo
	echo "Seconds of whole commands:"
	echo
	sh tests/bench/sessions.sh
fi
echo
echo "System calls for each operation, counted:"
$dir/bench -c ${row:+-m "$row"} $dir/prog $dir 'stubborn=build/stubborn --once $ADDR $PROG $PLACES'
