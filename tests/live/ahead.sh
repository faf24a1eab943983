#!/bin/sh
# ahead.sh [SERVER] [LLDB...] - what an lldb does not ask because it was sent with the stop: packets for
# each thing its user does at a fresh stop, on deep stacks with large frames. Reads at address 0, which
# no answer avoids, are counted apart. Prints ok, not ok or skip lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
[ $# -gt 0 ] && shift
if [ $# -eq 0 ]; then
	for lldb in lldb-22 lldb-19 lldb; do
		command -v $lldb >/dev/null 2>&1 && set -- $lldb && break
	done
	[ $# -gt 0 ] || { echo "skip ahead (no lldb; make deps-check)"; exit 0; }
	[ ! -x build/clients/bin/lldb-22 ] || set -- "$@" build/clients/bin/lldb-22
fi
tmp=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$tmp"' EXIT
bad=0
cat >"$tmp/note" <<-END
	#!/bin/sh
	all=\$(grep -c 'send packet: \\\$' $tmp/log)
	zero=\$(grep -c 'send packet: \\\$x0,' $tmp/log)
	echo "\$((all - zero)) \$zero \$1" >>$tmp/counts
END
chmod +x "$tmp/note"

# script PORT: each command at a stop of its own, noted before and after.
script() {
	echo "log enable -f $tmp/log gdb-remote packets"
	echo "settings set use-color false"
	echo "gdb-remote 127.0.0.1:$1"
	echo 'breakpoint set -p "break here"'
	echo continue
	while read -r name command; do
		[ "$name" = steps ] && echo "breakpoint disable 1" && continue
		[ "$command" = "${command#*step}" ] && [ "$command" != next ] && echo continue
		echo "shell $tmp/note -"
		echo "$command"
		echo "shell $tmp/note $name"
	done <<-'END'
	first-look frame variable
	bt-all thread backtrace all
	thread-list thread list
	registers register read
	frame-variable frame variable
	steps
	next-over next
	stepi thread step-inst
	next next
	step thread step-in
	END
}

# measure LLDB PROGRAM ARGS: "NAME PACKETS" lines.
measure() {
	lldb=$1
	shift
	rm -f "$tmp/log" "$tmp/counts" "$tmp/port"
	mkfifo "$tmp/port"
	"$server" gdbserver 127.0.0.1:0 --named-pipe "$tmp/port" -- "$@" >"$tmp/server" 2>&1 &
	pid=$!
	port=$(timeout 200 tr -d '\0' <"$tmp/port")
	script "$port" >"$tmp/script"
	timeout 200 "$lldb" -x -b -o "target create $1" -s "$tmp/script" -o kill >"$tmp/out" 2>&1 </dev/null
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	pid=
	awk '$3 != "-" { print $3, $1 - packets; print $3 "-at-0", $2 - zero } { packets = $1; zero = $2 }' "$tmp/counts"
}

# expect WHO NAME AT-MOST: of what was measured.
expect() {
	is=$(awk -v name="$2" '$1 == name { print $2 }' "$tmp/measured")
	if [ -n "$is" ] && [ "$is" -le "$3" ]; then
		echo "ok $1: $2 $is packets"
	else
		echo "not ok $1: $2 (${is:-not measured} packets, at most $3 are allowed)"
		bad=1
	fi
}

for lldb; do
	version=$("$lldb" --version | sed -n '1s/lldb version \([0-9]*\).*/lldb \1/p')
	for threads in 5 1; do
		if [ $threads = 1 ]; then
			measure "$lldb" build/progs/alone >"$tmp/measured" # and nothing that could make more
		else
			measure "$lldb" build/progs/depths $threads >"$tmp/measured"
		fi
		who="$version, $threads threads"
		expect "$who" bt-all-at-0 $((threads - 1))
		for name in bt-all thread-list registers frame-variable; do expect "$who" $name 0; done
		round=1 # a stop costs the step, and jThreadsInfo where there may be threads
		[ $threads = 1 ] || round=2
		for name in stepi next step; do expect "$who" $name $round; done
		[ -z "${KEEP:-}" ] || cp -r "$tmp" "$KEEP.$version.$threads"
	done
done
exit $bad
