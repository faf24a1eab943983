#!/bin/sh
# roundtrips.sh [LLDB] [NAME=SERVER...] - how many packets LLDB sends for each thing its user does,
# on a program of five threads: a table, one row for each server. A server is a command that takes
# lldb-server's `gdbserver` command line. Without arguments: lldb-19 on this server and on
# lldb-server-19, then the same with 22 of the clients' folder (`make clients`) when it is there.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ $# -eq 0 ]; then
	root=$PWD/build/clients/trixie
	sh "$0" lldb-19 || exit 1
	[ -x "$root/usr/bin/lldb-22" ] || { echo "no lldb 22 here (make clients)"; exit 0; }
	run="$root/lib64/ld-linux-x86-64.so.2 --library-path $(echo "$root"/usr/lib/*-linux-gnu "$root"/usr/lib/llvm-*/lib | tr ' ' :)"
	lldb=$(mktemp)
	printf '#!/bin/sh\nPYTHONHOME=%s exec %s %s "$@"\n' "$root/usr" "$run" "$root/usr/lib/llvm-22/bin/lldb" >"$lldb"
	chmod +x "$lldb"
	sh "$0" "$lldb" "stubborn=build/stubborn" "lldb-server=$run $root/usr/bin/lldb-server-22"
	status=$?
	rm -f "$lldb"
	exit $status
fi
lldb=$1
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- "stubborn=build/stubborn" "lldb-server=lldb-server-19"
dir=$(mktemp -d)
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null; rm -rf "$dir"' EXIT
${CC:-cc} -g -O0 -pthread -o "$dir/prog" tests/bench/roundtrips.c || exit 1

# lldb's `shell` splits words itself.
cat >"$dir/note" <<-END
	#!/bin/sh
	echo "\$(grep -c 'send packet: \\\$' $dir/log) \$1" >>$dir/counts
END
chmod +x "$dir/note"

# What is counted, in this order: a name for the table, and the command.
commands() {
	cat <<-'END'
	connect|gdb-remote 127.0.0.1:PORT
	|breakpoint set -p "break here"
	first-bp|continue
	bt-all|thread backtrace all
	threads|thread list
	registers|register read
	next|next
	next-2|next
	step-in|step
	stepi|stepi
	finish|finish
	expr|expression f()
	END
}
names() {
	commands | sed -n 's/^\([^|]\{1,\}\)|.*/\1/p'
}

# The commands for lldb: behind each the packets so far are counted.
script() {
	echo "log enable -f $dir/log gdb-remote packets"
	echo "settings set use-color false"
	commands | sed "s/PORT/$1/" | while IFS='|' read -r name command; do
		echo "$command"
		echo "shell $dir/note ${name:--}"
	done
}

count() {
	rm -f "$dir/log" "$dir/counts" "$dir/port"
	mkfifo "$dir/port"
	# shellcheck disable=SC2086
	$1 gdbserver 127.0.0.1:0 --named-pipe "$dir/port" -- "$dir/prog" >"$dir/server" 2>&1 &
	server_pid=$!
	port=$(tr -d '\0' <"$dir/port")
	script "$port" >"$dir/script"
	timeout 60 "$lldb" -x -b -o "target create $dir/prog" -s "$dir/script" -o kill >"$dir/out" 2>&1
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
	awk '{ if ($2 != "-") printf "%s ", $1 - last; last = $1 }' "$dir/counts"
}

printf '%-24s' "$("$lldb" --version | sed 's/ *(.*//;q')"
for name in $(names); do printf '%10s' "$name"; done
echo
for pair; do
	printf '%-24s' "${pair%%=*}"
	for n in $(count "${pair#*=}"); do printf '%10s' "$n"; done
	echo
	[ -z "${KEEP:-}" ] || cp -r "$dir" "$KEEP.${pair%%=*}"
done
