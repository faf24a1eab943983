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
counts=$($dir/bench -c $dir/prog $dir "stubborn=$server --once \$ADDR \$PROG \$PLACES" 2>&1)
status=$?
echo "$counts"

# limit OPERATION COUNT: no more calls than that.
limit() {
	is=$(echo "$counts" | sed -n "s/^stubborn: $1: \([0-9.]*\) .*/\1/p")
	if [ -z "$is" ]; then
		echo "not ok calls of a $1 (not counted)"
	elif [ "$(echo "$is" | tr -d .)" -le $(($2 * 100)) ]; then
		echo "ok calls of a $1: $is"
	else
		echo "not ok calls of a $1 ($is, at most $2 are allowed)"
	fi
}
limit '64-byte m read' 3
limit '64 KiB m read' 3
limit '64 KiB x read' 3
limit 'false condition' 14
exit $status
