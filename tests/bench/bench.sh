#!/bin/sh
# bench.sh [ROW] - this server beside every gdbserver and lldb-server that can be found, in one run
# (bench.c says how), what real debuggers do with them (sessions.sh), then the exact counts of this
# one. The servers of the clients' folder (`make clients`) take part when it is there: run in place
# by the folder's own loader. What is printed is the table of README.md.
set -eu
sh tests/bench/build.sh
dir=build/bench
folder=build/clients/trixie
last_word() {
	sed -n '1s/.* //p'
}

# lldb-server's Debian packages carry their version in the name; the highest is taken.
lldb=$(for f in $(echo "$PATH" | tr : ' '); do
	ls "$f" 2>/dev/null | grep -x 'lldb-server\(-[0-9]*\)\{0,1\}' || true
done | sort -t- -k3 -n | tail -n 1)

row=${1:-}
set -- 'stubborn=build/stubborn --once $ADDR $PROG $PLACES'
if command -v gdbserver >/dev/null; then
	set -- "$@" "gdbserver $(gdbserver --version 2>&1 | last_word)=gdbserver --once \$ADDR \$PROG \$PLACES"
else
	echo "no gdbserver here: its column is missing (apt-get install gdbserver)"
fi
if [ -n "$lldb" ]; then
	version=$($lldb version 2>&1 | last_word)
	set -- "$@" "lldb-server $version=$lldb gdbserver \$ADDR -- \$PROG \$PLACES"
else
	echo "no lldb-server here: its column is missing (apt-get install lldb-19)"
fi
loader=$folder/lib64/ld-linux-x86-64.so.2
if [ -x $loader ]; then
	libraries=$(echo $folder/usr/lib/*-linux-gnu $folder/usr/lib/llvm-*/lib | tr ' ' :)
	run="$loader --library-path $libraries"
	new=$folder/usr/bin/gdbserver
	[ ! -x $new ] || set -- "$@" \
		"gdbserver $($run $new --version 2>&1 | last_word)=$run $new --once \$ADDR \$PROG \$PLACES"
	for new in $folder/usr/bin/lldb-server-*; do
		[ ! -x "$new" ] || set -- "$@" \
			"lldb-server $($run "$new" version 2>&1 | last_word)=$run $new gdbserver \$ADDR -- \$PROG \$PLACES"
	done
fi

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
