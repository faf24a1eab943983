#!/bin/sh
# counts.sh - the system calls of our server for each operation: exact, so a test on any machine.
set -u
server=${1:-build/stubborn}
dir=build/bench
if [ "$(uname -m)" != x86_64 ]; then
	echo "skip counts (the program to measure with is written for x86_64)"
	exit 0
fi
sh tests/bench/build.sh || { echo "not ok counts (the client does not build)"; exit 1; }
status=0
# count ROW [THREADS...]: the calls of that row of bench.c, '' for all.
count() {
	row=$1
	shift
	$dir/bench -c ${row:+-m "$row"} $dir/prog $dir "stubborn=$server --once \$ADDR \$PROG \$PLACES $*" 2>&1
}
# of OPERATION: what is counted of it in the lines that come.
of() {
	sed -n "s/^stubborn: $1: \([0-9.]*\) .*/\1/p"
}
counts=$(count '') || status=1
echo "$counts"

# at_most A B: numbers with a point.
at_most() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'
}
# limit OPERATION COUNT ROW [THREADS...]: no more calls than that. On a busy machine a long request
# comes in pieces at times, and a stop after the look for it: the cheapest of three counts.
limit() {
	operation=$1 most=$2
	shift 2
	is=$(echo "$counts" | of "$operation")
	for try in 1 2; do
		[ -z "$is" ] || ! at_most "$is" "$most" || break
		is=$(count "$@" | of "$operation")
	done
	if [ -z "$is" ]; then
		echo "not ok calls of a $operation (not counted)"
	elif at_most "$is" "$most"; then
		echo "ok calls of a $operation: $is"
	else
		echo "not ok calls of a $operation ($is, at most $most are allowed)"
	fi
}
# A step of one thread costs the same however many others stand by; an lldb is sent an id and a PC
# of each of them, 22 bytes at most, and else what it is sent of one.
step_of() {
	case $1 in
	gdb) command='--once --attach $ADDR $PID' ;;
	lldb) command='gdbserver --attach $PID $ADDR' ;;
	esac
	# On a busy machine a long reply is sent in two pieces at times: the cheapest of three counts.
	for try in 1 2 3; do
		$dir/threads -c -n "$2" "$1" $dir/prog $dir "stubborn=$server $command" 2>&1
	done | awk '{
		for (i = 2; i <= NF; i++)
			if ($i ~ /^calls/ && (best == "" || $(i - 1) + 0 < least)) { best = $0; least = $(i - 1) + 0 }
	} END { print best }'
}
number_in() {
	echo "$1" | sed -n "s/.* \([0-9.]*\) $2.*/\1/p"
}
for client in gdb lldb; do
	[ $client = gdb ] && each=0 || each=22
	one=$(step_of $client 1)
	a=$(number_in "$one" 'calls')
	# Whether what an lldb is sent of the stack lies in one page more is chance: so some tries. And now
	# and then a stop is looked after more closely: a few hundredths.
	for try in 1 2 3 4; do
		many=$(step_of $client 200)
		b=$(number_in "$many" 'calls')
		[ -n "$a" ] || break
		! at_most "${b:-9999}" "$(echo "$a" | awk '{ print $1 + 0.3 }')" || break
	done
	echo "$client: $one"
	echo "$client: $many"
	if [ -n "$a" ] && at_most "${b:-9999}" "$(echo "$a" | awk '{ print $1 + 0.3 }')"; then
		echo "ok calls of a step as $client asks: $b with 200 threads, $a with one"
	else
		echo "not ok calls of a step as $client asks (${b:-none} with 200 threads, ${a:-none} with one)"
	fi
	a=$(number_in "$one" 'bytes') b=$(number_in "$many" 'bytes')
	# Ids are as long as they are: a few digits more or less.
	if [ -n "$a" ] && [ "${b:-0}" -ge $((a - 8)) ] && [ $((b - a)) -le $((199 * each + 8)) ]; then
		echo "ok bytes of a stop reply as $client is sent it: $b with 200 threads, $a with one"
	else
		echo "not ok bytes of a stop reply as $client is sent it (${b:-none} with 200 threads, ${a:-none} with one)"
	fi
done
# The buffers are large enough for 64 KiB in hex; after a dump their pages are given back.
weight=$($dir/threads -d -n 1 gdb $dir/prog $dir "stubborn=$server --once --attach \$ADDR \$PID" 2>&1)
echo "$weight"
before=$(number_in "$weight" 'kB before') after=$(number_in "$weight" 'kB after')
if [ -n "$before" ] && [ "${after:-99999}" -le $((before + 32)) ]; then
	echo "ok anonymous memory after a dump of 48 MB: $after kB, $before kB before it"
else
	echo "not ok anonymous memory after a dump of 48 MB (${after:-none} kB, ${before:-none} kB before it)"
fi
limit '64-byte m read' 3 '64-byte m reads'
limit '64 KiB m read' 3 'm bulk'
limit '64 KiB x read' 3 'x bulk'
limit '64 KiB M write' 3.2 'M bulk'
limit '64 KiB X write' 3.2 'X bulk'
limit 'single step' 5.3 'single steps'
limit 'step of a range' 1 'range steps'
limit 'breakpoint cycle' 22.3 'breakpoint cycles'
limit 'false condition' 9 'false conditions'
# A thread that goes past a breakpoint beside 8 others stops none of them, where each would cost three
# calls more at least, and does not stop a second time itself, which would cost five.
counts=$(count 'false conditions' 9 awake) || status=1
echo "$counts, beside 8 threads"
limit 'false condition' 9 'false conditions' 9 awake
exit $status
