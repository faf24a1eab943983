#!/bin/sh
# bt.sh - `stubborn bt` on real processes: the same PCs as eu-stack's, threads, signals, a deleted
# program, JSON, exit statuses. Prints ok, not ok or skip lines.
set -u
bt="${1:-build/stubborn} bt"
tmp=$(mktemp -d)
bad=0
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$tmp"' EXIT

is() { # WHAT CONDITION...
	what=$1
	shift
	if "$@"; then echo "ok bt $what"; else echo "not ok bt $what"; bad=1; fi
}
pcs() {
	sed -n 's/^#[0-9]* *\(0x[0-9a-f]*\).*/\1/p' "$1"
}

cat >"$tmp/prog.c" <<'END'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static void inner(int sig) { (void)sig; puts("ready"); fflush(stdout); pause(); }
static void outer(int sig) { (void)sig; raise(SIGUSR2); }
static void *thread(void *p) { pause(); return p; }
int deep(int n) { return n == 0 ? raise(SIGUSR1) : deep(n - 1) + 1; }
int main(void) {
	pthread_t t;
	signal(SIGUSR1, outer);
	signal(SIGUSR2, inner);
	pthread_create(&t, NULL, thread, NULL);
	return deep(20);
}
END
${CC:-cc} -O1 -g -fno-optimize-sibling-calls -pthread -o "$tmp/prog" "$tmp/prog.c" || exit 1
mkfifo "$tmp/pipe"
"$tmp/prog" >"$tmp/pipe" &
pid=$!
pids=$pid
read -r ready <"$tmp/pipe"
# Every thread has come to its pause, as they do at once; none stands traced or stopped.
asleep() {
	for i in $(seq 600); do
		grep -h '^State' /proc/$pid/task/*/status | grep -q -v 'S (' || return 0
		sleep 0.05
	done
	return 1
}
asleep

$bt $pid >"$tmp/ours"
is 'ends well' [ $? -eq 0 ]
if command -v eu-stack >/dev/null 2>&1; then
	eu-stack -p $pid >"$tmp/theirs" 2>/dev/null
	pcs "$tmp/ours" >"$tmp/a"
	pcs "$tmp/theirs" >"$tmp/b"
	is 'has the PCs that eu-stack has' cmp -s "$tmp/a" "$tmp/b"
fi
if command -v gdb >/dev/null 2>&1; then
	monitor() {
		timeout 200 gdb -nx -batch -ex "target remote | ${bt% bt} --once --attach - $pid" \
			-ex 'echo ----\n' -ex "$1" -ex detach 2>&1 </dev/null |
			sed '1,/^----$/d; /^Detaching\|^\[Inferior/d'
	}
	monitor 'monitor bt all' >"$tmp/monitor"
	is 'says the same to monitor bt all' cmp -s "$tmp/ours" "$tmp/monitor"
	monitor 'monitor bt' >"$tmp/monitor"
	is 'says one thread to monitor bt' [ "$(grep -c '^TID ' "$tmp/monitor")" -eq 1 ]
	is 'walks it to its end' grep -q ' deep$' "$tmp/monitor"
fi
is 'names functions' grep -q ' inner$' "$tmp/ours"
is 'walks through two signal frames' [ "$(grep -c '\[signal\]' "$tmp/ours")" -eq 2 ]
is 'walks recursion' [ "$(grep -c ' deep$' "$tmp/ours")" -eq 21 ]
is 'has every thread' [ "$(grep -c '^TID ' "$tmp/ours")" -eq 2 ]
other=$(ls /proc/$pid/task | tail -1)
$bt -1 $other >"$tmp/ours"
is 'shows the one thread that was named' [ "$(grep '^TID ' "$tmp/ours")" = "TID $other:" ]
$bt -l $pid >"$tmp/ours"
is 'lists modules' [ "$(grep -c "^  $tmp/prog$" "$tmp/ours")" -eq 1 ]
is 'lists them before the stacks' [ "$(grep -c '^TID ' "$tmp/ours")" -eq 2 ]
$bt -1 -n 3 $pid >"$tmp/ours"
is 'says that it cut one' [ $? -eq 1 ]
is 'stops at -n' [ "$(grep -c '^#' "$tmp/ours")" -eq 3 ]
is 'says that there are more' grep -q '^\[more frames\]$' "$tmp/ours"
$bt -1 -s -m $pid >"$tmp/ours"
is 'shows lines' grep -q 'prog.c:5' "$tmp/ours"
is 'shows files' grep -q "inner - $tmp/prog" "$tmp/ours"
if command -v python3 >/dev/null 2>&1; then
	$bt --json -l $pid | python3 -c 'import json, sys
all = json.load(sys.stdin)
t = all["threads"]
sys.exit(not (all["modules"][0]["path"].endswith("/prog") and len(t) == 2 and t[0]["end"] == "outermost" and t[0]["frames"][0]["trust"] == 3))'
	is 'writes JSON' [ $? -eq 0 ]
	$bt --json -n 3 $pid | grep -q '"end":"more frames"'
	is 'says in JSON that there are more' [ $? -eq 0 ]
	odd=$(printf '%s/\303\244 \377\355\240\200"\\' "$tmp")
	cp /bin/sleep "$odd"
	"$odd" 1000 &
	odd_pid=$!
	pids="$pids $odd_pid"
	until [ /proc/$odd_pid/exe -ef "$odd" ]; do sleep 0.05; done
	$bt --json -l $odd_pid | python3 -c 'import json, sys
path = json.load(sys.stdin)["modules"][0]["path"]
sys.exit(not path.endswith("/\u00e4 \u00ff\u00ed\u00a0\u0080\"\\"))'
	is 'writes JSON of a name that is no text' [ $? -eq 0 ]
	kill $odd_pid
fi
$bt -v $pid >"$tmp/ours"
is 'stops no thread that sleeps' [ "$(grep -c 'stood still' "$tmp/ours")" -eq 0 ]
# The same where tables count from a frame pointer, of which the kernel says nothing.
cat >"$tmp/fp.c" <<'END'
#include <unistd.h>
static int __attribute__((noinline)) deep(int n)
{
	volatile char room[100];
	room[0] = (char)n;
	if (n == 0)
		return (int)write(1, "\n", 1) + pause();
	return deep(n - 1) + room[0];
}
int main(void) { return deep(20); }
END
${CC:-cc} -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -o "$tmp/fp" "$tmp/fp.c" || exit 1
"$tmp/fp" >"$tmp/pipe" &
other=$pid pid=$!
pids="$other $pid"
read -r ready <"$tmp/pipe"
asleep
$bt -v $pid >"$tmp/ours"
is 'stops no sleeper that has a frame pointer' [ "$(grep -c 'stood still' "$tmp/ours")" -eq 0 ]
is 'walks its frames' [ "$(grep -c ' deep - ' "$tmp/ours")" -eq 21 ]
kill $pid
pid=$other pids=$other
while :; do :; done &
spinning=$!
pids="$pid $spinning"
$bt -v $spinning >"$tmp/ours"
is 'stops a thread that runs' grep -q 'stood still for [0-9]* us' "$tmp/ours"
kill $spinning
rm "$tmp/prog"
$bt -1 $pid >"$tmp/ours"
is 'names functions of a deleted program' grep -q ' inner$' "$tmp/ours"
is 'lets the threads go on' asleep
$bt 999999999 >"$tmp/ours" 2>&1
is 'says when there is no process' [ $? -eq 2 ]
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	$bt 2 >"$tmp/ours" 2>&1
	is 'says that a thread of the kernel has no program' grep -q 'it has no program: ' "$tmp/ours"
else
	echo 'skip bt a thread of the kernel (needs root, and process 2 to be one)'
fi
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups $bt --help >/dev/null 2>&1; then
	setpriv --reuid=65534 --regid=65534 --clear-groups $bt $pid >"$tmp/ours" 2>&1
	is "says that a program is another user's" grep -q 'not shown to this user' "$tmp/ours"
else
	echo "skip bt another user's process (needs root, and the server where all can read)"
fi
# The libraries that know names are loaded by who asks for names, and their absence is no harm.
# (The static binary has them inside.)
$bt $pid >"$tmp/named"
pcs "$tmp/named" >"$tmp/a"
LD_DEBUG=libs $bt -q $pid >"$tmp/ours" 2>"$tmp/loaded"
is 'loads no library for PCs alone' sh -c "! grep -q -E 'lib(elf|dw)\.so' '$tmp/loaded'"
: >"$tmp/libelf.so.1"
LD_LIBRARY_PATH=$tmp $bt $pid >"$tmp/ours" 2>"$tmp/said"
is 'ends well without the library that knows names' [ $? -eq 0 ]
pcs "$tmp/ours" >"$tmp/b"
is 'has the same PCs without it' cmp -s "$tmp/a" "$tmp/b"
if ! cmp -s "$tmp/ours" "$tmp/named"; then
	is 'says what is missing' grep -q 'no names without libelf' "$tmp/said"
fi

$bt >"$tmp/ours" 2>&1
is 'says how it is used' [ $? -eq 64 ]
exit $bad
