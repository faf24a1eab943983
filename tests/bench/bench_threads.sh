#!/bin/sh
# bench_threads.sh [THREADS] - this server beside every gdbserver and lldb-server that can be
# found, attached to a program of many threads, in one run (threads.c says how); sizes at the end.
# The servers of the clients' folder (`make clients`) take part when it is there.
set -eu
sh tests/bench/build.sh
dir=build/bench
folder=build/clients/trixie
count=${1:-1000}
last_word() {
	sed -n '1s/.* //p'
}
lldb=$(for f in $(echo "$PATH" | tr : ' '); do
	ls "$f" 2>/dev/null | grep -x 'lldb-server\(-[0-9]*\)\{0,1\}' || true
done | sort -t- -k3 -n | tail -n 1)
loader=$folder/lib64/ld-linux-x86-64.so.2
run=
if [ -x $loader ]; then
	libraries=$(echo $folder/usr/lib/*-linux-gnu $folder/usr/lib/llvm-*/lib | tr ' ' :)
	run="$loader --library-path $libraries"
fi
echo "$(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), Linux $(uname -r | cut -d- -f1), $count threads"

set -- 'stubborn=build/stubborn --once --attach $ADDR $PID'
if command -v gdbserver >/dev/null; then
	set -- "$@" "gdbserver $(gdbserver --version 2>&1 | last_word)=gdbserver --once --attach \$ADDR \$PID"
else
	echo "no gdbserver here: its column is missing (apt-get install gdbserver)"
fi
new=$folder/usr/bin/gdbserver
[ -z "$run" ] || [ ! -x $new ] || set -- "$@" \
	"gdbserver $($run $new --version 2>&1 | last_word)=$run $new --once --attach \$ADDR \$PID"
echo
echo "As gdb asks:"
$dir/threads -n "$count" gdb $dir/prog $dir "$@" || true

set -- 'stubborn=build/stubborn gdbserver --attach $PID $ADDR'
if [ -n "$lldb" ]; then
	set -- "$@" "lldb-server $($lldb version 2>&1 | last_word)=$lldb gdbserver --attach \$PID \$ADDR"
else
	echo "no lldb-server here: its column is missing (apt-get install lldb-19)"
fi
for new in $folder/usr/bin/lldb-server-*; do
	[ -z "$run" ] || [ ! -x "$new" ] || set -- "$@" \
		"lldb-server $($run "$new" version 2>&1 | last_word)=$run $new gdbserver --attach \$PID \$ADDR"
done
echo
echo "As lldb asks:"
$dir/threads -n "$count" lldb $dir/prog $dir "$@" || true

# Debian's packages are stripped too.
strip -o $dir/stripped build/stubborn
echo
echo "Bytes of the program, stripped:"
for file in $dir/stripped "$(command -v gdbserver)" $folder/usr/bin/gdbserver "$(command -v "${lldb:-none}")"; do
	[ ! -f "$file" ] || printf '%9d %s\n' "$(wc -c <"$file")" "$(echo "$file" | sed "s|$dir/stripped|stubborn|")"
done
