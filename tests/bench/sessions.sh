#!/bin/sh
# sessions.sh [ROUNDS [ROW]] - what real debuggers do, in seconds, server beside server: memory dumped,
# files fetched, a program started and stopped at main. Rounds go A B C A B C ...; medians; the
# last column is the median of the ratios, round by round, to the best peer. What arrived is
# compared. A row that one server cannot do has a dash.
set -u
rounds=${1:-3} only=${2:-}
dir=build/bench
sh tests/bench/build.sh || exit 1
tmp=$(mktemp -d)
server=
trap 'end_server; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
end_server() {
	[ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null
	server=
}

# ---- who takes part ----

between='|'
. tests/bench/servers.sh
lldb=$(newest lldb 2)

# name|command for each kind of server; the port is 0 and its number is read where each says it.
servers_of() {
	case $1 in
	gdb)
		echo 'stubborn|build/stubborn --once'
		gdbserver_here --once
		gdbserver_new --once
		;;
	lldb)
		echo 'stubborn|build/stubborn gdbserver'
		lldb_server_here gdbserver
		lldb_server_new gdbserver
		;;
	platform)
		echo 'stubborn|build/stubborn platform --server'
		lldb_server_here 'platform --server'
		lldb_server_new 'platform --server'
		;;
	esac
}
# name|command for each debugger.
clients_of() {
	case $1 in
	gdb)
		! command -v gdb >/dev/null || echo "gdb $(version_of gdb --version)|gdb"
		[ -z "$run" ] || echo "gdb 16|env PYTHONHOME=$root/usr $run $root/usr/bin/gdb --data-directory=$root/usr/share/gdb"
		;;
	*)
		[ -z "$lldb" ] || echo "lldb $(version_of $lldb --version)|$lldb"
		[ -z "$run" ] || echo "lldb 22|env PYTHONHOME=$root/usr $run $root/usr/lib/llvm-22/bin/lldb"
		;;
	esac
}

# ---- one run ----

# A port that was free a moment ago.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
now() {
	date +%s.%N
}
# start KIND COMMAND PROGRAM...: the server runs and listens.
start() {
	kind=$1 command=$2
	shift 2
	port=$(free_port)
	case $kind in
	gdb) $command 127.0.0.1:"$port" "$@" ;;
	lldb) $command 127.0.0.1:"$port" -- "$@" ;;
	platform) $command --listen 127.0.0.1:"$port" ;;
	esac >"$tmp/server" 2>&1 </dev/null &
	server=$!
	hex=$(printf ':%04X' "$port")
	looks=0 # a start is measured from before it: the steps between them show there
	while [ $looks -lt 500 ]; do
		! grep -q " [0-9A-F]*$hex [0-9A-F]*:0000 0A" /proc/net/tcp || return 0
		sleep 0.01
		looks=$((looks + 1))
	done
	return 1
}
# The seconds between the two stamps that the debugger left.
stamped() {
	awk 'NR == 1 { a = $1 } NR == 2 { printf "%.4f\n", $1 - a }' "$tmp/stamps" 2>/dev/null
}
printf '#!/bin/sh\ndate +%%s.%%N >>%s\n' "$tmp/stamps" >"$tmp/stamp"
chmod +x "$tmp/stamp"
stamp="shell $tmp/stamp"
size=50331648

dump() { # CLIENT
	$1 -nx -batch -ex 'set sysroot /' -ex 'set confirm off' -ex 'handle SIGUSR1 stop nopass' $dir/prog \
		-ex "target remote 127.0.0.1:$port" -ex continue -ex "$stamp" \
		-ex "dump binary memory $tmp/got &buffer ((char*)&buffer)+$size" -ex "$stamp" -ex kill \
		>"$tmp/client" 2>&1 </dev/null
	same_memory && stamped
}
# lldb in batch mode ends at the first signal, and does not wait where commands come by standard
# input: it is given a file.
lldb_does() { # CLIENT, commands on standard input
	{ echo 'settings set interpreter.stop-command-source-on-error false'; cat; echo quit; } >"$tmp/script"
	$1 --no-lldbinit --no-use-colors --source "$tmp/script" </dev/null >"$tmp/client" 2>&1
}
read_much() {
	lldb_does "$1" <<-END
		target create $dir/prog
		gdb-remote 127.0.0.1:$port
		continue
		$stamp
		memory read --force --binary --outfile $tmp/got --size 1 --count $size &buffer
		$stamp
		process kill
	END
	same_memory && stamped
}
# The first 48 MB of prog's buffer.
same_memory() {
	[ -f "$tmp/memory" ] || $dir/prog --words $((size / 8)) >"$tmp/memory"
	cmp -s "$tmp/memory" "$tmp/got"
}
get() {
	$1 -nx -batch -ex "target remote 127.0.0.1:$port" -ex "$stamp" -ex "remote get $tmp/big $tmp/got" \
		-ex "$stamp" -ex kill >"$tmp/client" 2>&1 </dev/null
	cmp -s "$tmp/big" "$tmp/got" && stamped
}
get_file() {
	lldb_does "$1" <<-END
		platform select remote-linux
		platform connect connect://127.0.0.1:$port
		$stamp
		platform get-file $tmp/big $tmp/got
		$stamp
	END
	cmp -s "$tmp/big" "$tmp/got" && stamped
}
# From the start of both to the end of both, with main reached between.
to_main_gdb() {
	$1 -nx -batch -ex 'set sysroot /' $dir/start -ex "target remote 127.0.0.1:$port" -ex 'break main' \
		-ex continue -ex kill >"$tmp/client" 2>&1 </dev/null
	end=$(now)
	grep -q '^Breakpoint 1, .*main' "$tmp/client" && echo "$begin $end" | awk '{ printf "%.4f\n", $2 - $1 }'
}
to_main_lldb() {
	lldb_does "$1" <<-END
		target create $dir/start
		breakpoint set -n main
		gdb-remote 127.0.0.1:$port
		continue
		process kill
	END
	end=$(now)
	grep -q 'stop reason = breakpoint' "$tmp/client" && echo "$begin $end" | awk '{ printf "%.4f\n", $2 - $1 }'
}

# ---- a row ----

# row KIND WHAT NAME PROGRAM...: for each debugger a line of the table.
row() {
	kind=$1 what=$2 name=$3
	shift 3
	[ -z "$only" ] || [ "$only" = "$what" ] || return 0
	clients_of "$kind" >"$tmp/clients"
	servers_of "$kind" >"$tmp/servers"
	while IFS='|' read -r client client_command <&3; do
		: >"$tmp/times"
		round=0
		while [ $round -lt "$rounds" ]; do
			while IFS='|' read -r server_name server_command <&4; do
				rm -f "$tmp/stamps" "$tmp/got"
				begin=$(now)
				if start "$kind" "$server_command" "$@"; then
					time=$($what "$client_command")
				else
					time=
				fi
				end_server
				echo "$round|$server_name|${time:--}" >>"$tmp/times"
			done 4<"$tmp/servers"
			round=$((round + 1))
		done
		table "$client: $name"
	done 3<"$tmp/clients"
}
# A line of the table; columns as in `columns`.
table() {
	awk -F'|' -v name="$1" -v columns="$columns" '
		function median(list, n, i, j, t, v) {
			for (i = 1; i <= n; i++) v[i] = list[i]
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
			return n == 0 ? 0 : n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
		}
		{ time[$1, $2] = $3; if (!($2 in seen)) { seen[$2]; order[++servers] = $2 } if ($1 + 1 > rounds) rounds = $1 + 1 }
		END {
			line = "| " name ", s |"
			n = split(columns, column, "|")
			best = 0
			for (c = 1; c <= n; c++) {
				m = 0; k = 0
				split("", list); split("", ratios)
				for (r = 0; r < rounds; r++) {
					t = time[r, column[c]]
					if (t == "" || t == "-") continue
					list[++m] = t + 0
					own = time[r, "stubborn"]
					if (column[c] != "stubborn" && own != "" && own != "-") ratios[++k] = t / own
				}
				line = line (m > 0 ? sprintf(" %.3f |", median(list, m)) : " - |")
				q = median(ratios, k)
				if (k > 0 && (best == 0 || q < best)) best = q
			}
			print line (best > 0 ? sprintf(" %.2f |", best) : " - |")
		}' "$tmp/times"
}

dd if=/dev/urandom of="$tmp/big" bs=1048576 count=64 2>/dev/null
columns=stubborn
for kind in gdb lldb; do
	for name in $(servers_of $kind | sed '1d; s/|.*//; s/ /~/g'); do
		columns="$columns|$(echo "$name" | tr '~' ' ')"
	done
done
echo "| | $(echo "$columns" | sed 's/|/ | /g') | times faster than the best peer |"
echo "|---|$(echo "$columns|" | sed 's/[^|]*|/--:|/g')--:|"
row gdb dump 'dump binary memory, 48 MB' $dir/prog "$tmp/places"
row lldb read_much 'memory read, 48 MB' $dir/prog "$tmp/places"
row gdb get 'remote get, 64 MB' $dir/start
row platform get_file 'platform get-file, 64 MB'
row gdb to_main_gdb 'start to main' $dir/start
row lldb to_main_lldb 'start to main' $dir/start
