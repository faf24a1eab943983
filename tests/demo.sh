#!/bin/sh
# demo.sh [check] - a newcomer's first minute: a real gdb, then a real lldb where there is one, on a
# real multi-threaded program served by build/stubborn. With `check`, says ok or not ok instead.
set -u
check=${1:-}
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
prog=$PWD/build/demo-program
lldb=
for l in lldb lldb-22 lldb-19 lldb-14; do
	command -v "$l" >/dev/null 2>&1 && { lldb=$l; break; }
done

serve() {
	rm -f "$dir/port"
	build/stubborn --once --port-file "$dir/port" localhost:0 "$prog" 2>"$dir/server" >/dev/null &
	server=$!
	i=0
	while [ ! -s "$dir/port" ]; do
		i=$((i + 1))
		[ $i -lt 600 ] || { cat "$dir/server"; echo "demo: the server did not start"; exit 1; }
		sleep 0.1
	done
	port=$(cat "$dir/port")
}
done_with() {
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
}

cat >"$dir/gdb" <<'G'
set pagination off
set width 0
set breakpoint pending off
set style enabled off
break bake if baked > 5
continue
echo \n---- every thread's stack ----\n
thread apply all backtrace
echo \n---- registers ----\n
info registers rip rsp rbp eflags
echo \n---- locals and arguments, one frame up ----\n
up
info locals
print loaf
print (char *) loaf.name
echo \n---- memory, and code ----\n
x/4xg $sp
x/3i $pc
echo \n---- step, finish ----\n
down
disable breakpoints
next
finish
kill
G
cat >"$dir/lldb" <<'L'
breakpoint set -n bake -c 'baked > 5'
continue
thread backtrace all
register read rip rsp rbp rflags
frame select 1
frame variable
memory read -c 32 $sp
disassemble -c 3 -s $pc
breakpoint disable
frame select 0
thread step-out
process kill
L
run_gdb() {
	timeout 200 gdb -nx -q -batch -ex "target remote 127.0.0.1:$port" -x "$dir/gdb" "$prog"
}
run_lldb() {
	timeout 200 "$lldb" -x -b -o "gdb-remote 127.0.0.1:$port" -s "$dir/lldb" "$prog"
}

if [ "$check" = check ]; then
	serve
	run_gdb >"$dir/out" 2>&1
	done_with
	if [ "$(grep -c '^#[0-9].* baker (' "$dir/out")" -ge 4 ] && grep -q 'minutes = 45' "$dir/out" &&
		grep -q 'Value returned is' "$dir/out"; then
		echo "ok demo-gdb"
	else
		echo "not ok demo-gdb"
		cat "$dir/out"
	fi
	[ -n "$lldb" ] || { echo "skip demo-lldb (no lldb here)"; exit 0; }
	serve
	run_lldb >"$dir/out" 2>&1
	done_with
	if [ "$(grep -c 'baker(' "$dir/out")" -ge 4 ] && grep -q 'minutes = 45' "$dir/out" &&
		grep -q 'stop reason = step out' "$dir/out" && grep -q 'exited with status = 9' "$dir/out"; then
		echo "ok demo-lldb"
	else
		echo "not ok demo-lldb"
		cat "$dir/out"
	fi
	exit 0
fi

echo "==== gdb, by: gdb $prog -ex 'target remote localhost:PORT' ===="
serve
run_gdb 2>&1
done_with
if [ -n "$lldb" ]; then
	echo
	echo "==== lldb, by: $lldb $prog -o 'gdb-remote localhost:PORT' ===="
	serve
	run_lldb 2>&1
	done_with
else
	echo "(no lldb here; apt-get install lldb to see the same in lldb)"
fi
cat <<E2

Your own program:
    build/stubborn localhost:1234 ./yours          # or: build/stubborn --attach localhost:1234 PID
    gdb ./yours -ex 'target remote localhost:1234'
    lldb ./yours -o 'gdb-remote localhost:1234'
E2
