#!/bin/sh
# editors.sh [SERVER] - what editors do, with the debug adapters that they start: lldb-dap of the
# host, and lldb-dap and gdb's own (gdb -i dap, from 14 on) of the clients' folder where
# `make clients` made it. Prints ok, not ok and skip lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
root=${CLIENTS:-$PWD/build/clients}/trixie
dir=$(mktemp -d)
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null; rm -rf "$dir"' EXIT
status=0
${CC:-cc} -g -O0 -o "$dir/prog" tests/editors/prog.c || exit 1

# start MODE: a server with the program; MODE is "gdbserver" (lldb-server's command line) or nothing.
start() {
	mode=$1
	rm -f "$dir/port"
	# shellcheck disable=SC2086
	"$server" $mode --port-file "$dir/port" 127.0.0.1:0 ${mode:+--} "$dir/prog" >"$dir/server" 2>&1 &
	server_pid=$!
	for i in $(seq 600); do [ ! -f "$dir/port" ] || break; sleep 0.1; done
}
stop() {
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
}

# play WHO MODE ADAPTER...: a session on a server of its own, of several where dap.py asks for one.
play() {
	who=$1 mode=$2
	shift 2
	for try in 1 2 3 4 5 6 7 8 9 10; do
		start "$mode"
		timeout 500 python3 tests/editors/dap.py "$who" "$(cat "$dir/port")" "$dir/prog" \
			tests/editors/prog.c -- "$@"
		end=$?
		stop
		[ $end -eq 75 ] || break
	done
	[ $end -eq 0 ] || status=1
	[ $end -ne 75 ] || echo "not ok $who: session (it does not attach, $try times)"
}

# run_there PROGRAM ARGS...: a program of the clients' folder, by that folder's loader.
run_there() {
	program=$1
	shift
	cat >"$dir/there" <<-END
		#!/bin/sh
		PYTHONHOME=$root/usr exec $root/usr/lib64/ld-linux-x86-64.so.2 --library-path \\
			$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/llvm-22/lib:$root/usr/lib \\
			$root/usr/$program "\$@"
	END
	chmod +x "$dir/there"
}

# VS Code's cppdbg (miDebuggerServerAddress) and CLion speak MI to gdb: the commands that they send.
speak_mi() {
	cat <<-END
		-gdb-set mi-async off
		-file-exec-and-symbols $dir/prog
		-target-select remote 127.0.0.1:$1
		-break-insert -f prog.c:$(grep -n 'break here' tests/editors/prog.c | cut -d: -f1)
		-exec-continue
		-thread-info
		-stack-list-frames
		-stack-list-variables --simple-values
		-var-create watched * "a + b"
		-exec-next
		-exec-finish
		-gdb-exit
	END
}
claim() {
	if grep -q "$2" "$dir/mi"; then
		echo "ok gdb -i=mi: $1"
	else
		echo "not ok gdb -i=mi: $1 ($2 is missing)"
		status=1
	fi
}
play_mi() {
	start ""
	speak_mi "$(cat "$dir/port")" | timeout 200 gdb -nx -q -i=mi >"$dir/mi" 2>&1
	claim target-select '^\^connected'
	claim break-insert '^\^done,bkpt={number="1"'
	claim exec-continue 'reason="breakpoint-hit".*func="add"'
	claim thread-info '^\^done,threads=\[{id="1"'
	claim stack-list-frames 'level="1".*func="main"'
	claim stack-list-variables '{name="b",arg="1",type="int",value="1"}'
	claim var-create '^\^done,name="watched".*value="1"'
	claim exec-next 'reason="end-stepping-range".*func="add"'
	claim exec-finish 'reason="function-finished".*func="main"'
	stop
}

dap=$(command -v lldb-dap || command -v lldb-dap-22 || command -v lldb-dap-19)
if [ -n "$dap" ]; then
	play "$(basename "$dap")" gdbserver "$dap"
else
	echo "skip lldb-dap (not installed)"
fi
if [ -x "$root/usr/lib/llvm-22/bin/lldb-dap" ]; then
	run_there lib/llvm-22/bin/lldb-dap
	play "lldb-dap 22" gdbserver "$dir/there"
else
	echo "skip lldb-dap 22 (no $root; as root run make clients)"
fi
if [ -x "$root/usr/bin/gdb" ]; then
	run_there bin/gdb
	play "gdb 16 -i dap" "" "$dir/there" "--data-directory=$root/usr/share/gdb" -nx -i dap
else
	echo "skip gdb -i dap (no $root; as root run make clients)"
fi
play_mi
exit $status
