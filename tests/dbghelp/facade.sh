#!/bin/sh
# facade.sh - DbgHelp's names: one sample compiled by mingw against Windows' dbghelp.h and by cc
# against ours, installed; its frames beside those of `stubborn bt`, of processes and of a core.
# Prints ok, not ok or skip lines; logs stay in build/facade/.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=$PWD/build/facade
bad=0
pids=
trap '[ -z "$pids" ] || kill $pids 2>/dev/null' EXIT

is() { # WHAT CONDITION...
	what=$1
	shift
	if "$@"; then echo "ok facade: $what"; else echo "not ok facade: $what"; bad=1; fi
}
pcs() {
	sed -n 's/^#[0-9]* *0*x0*\([0-9a-f]*\).*/\1/p' "$@"
}
# same WHAT OURS THEIRS: the PCs of two stacks, and there are some.
same() {
	pcs "$2" >"$2.pcs"
	pcs "$3" >"$3.pcs"
	is "$1 ($(wc -l <"$2.pcs") frames)" cmp -s "$2.pcs" "$3.pcs"
	[ -s "$2.pcs" ] || { echo "not ok facade: $1 has no frames"; bad=1; }
}

rm -rf "$out"
mkdir -p "$out"
if ! make -s install PREFIX="$out/usr" DESTDIR= >"$out/install.log" 2>&1; then
	echo 'not ok facade: make install (see build/facade/install.log)'
	exit 1
fi
export PKG_CONFIG_PATH="$out/usr/lib/pkgconfig"
sample="tests/examples/stackwalk.c tests/examples/stackwalk_process.c"
export LD_LIBRARY_PATH="$out/usr/lib"
flags="-std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -g"
ours=$(pkg-config --cflags stubborn-dbghelp) libs=$(pkg-config --libs stubborn-dbghelp)

# ---- one source, two systems ----

if command -v x86_64-w64-mingw32-gcc >/dev/null 2>&1; then
	x86_64-w64-mingw32-gcc -Wall -Wextra -Werror -O1 -o "$out/stackwalk.exe" $sample -ldbghelp \
		>"$out/mingw.log" 2>&1
	is 'the sample is built by mingw against its dbghelp.h' [ $? -eq 0 ]
	x86_64-w64-mingw32-gcc -std=c11 -S -o "$out/layout.s" tests/dbghelp/layout.c >"$out/layout.log" 2>&1
	is 'the layouts that are asserted are those of its headers' [ $? -eq 0 ]
else
	echo 'skip facade: the sample by mingw (no x86_64-w64-mingw32-gcc here)'
fi
"${CC:-cc}" $flags $ours -c -o "$out/layout.o" tests/dbghelp/layout.c >"$out/layout.log" 2>&1
is 'the same layouts are those of ours' [ $? -eq 0 ]
if [ "$(uname -m)" != x86_64 ]; then
	echo 'skip facade: the sample (it is of x86-64)'
	exit $bad
fi
"${CC:-cc}" $flags $ours -o "$out/static" $sample -Wl,-Bstatic $libs -Wl,-Bdynamic &&
	"${CC:-cc}" $flags $ours -o "$out/stackwalk" $sample $libs ||
	{ echo 'not ok facade: the sample is built by cc'; exit 1; }
is 'the sample is built by cc, shared and static' [ -x "$out/static" ]

# ---- processes ----

# wait_for PID: until all its threads have slept through a fifth of a second: a program that still
# starts may sleep too, but not for long in one and the same sleep.
wait_for() {
	for i in $(seq 600); do
		before=$(switches "$1")
		sleep 0.2
		[ -n "$before" ] && [ "$before" = "$(switches "$1")" ] && asleep "$1" && return
	done
}
switches() {
	cat /proc/"$1"/task/*/status 2>/dev/null | grep ctxt_switches
}
asleep() {
	! cat /proc/"$1"/task/*/status | grep '^State' | grep -q -v 'S ('
}
# compare NAME COMMAND...: a program that waits for something.
compare() {
	name=$1
	shift
	command -v "$1" >/dev/null 2>&1 || { echo "skip facade: $name (not here)"; return; }
	"$@" </dev/zero >/dev/null 2>&1 &
	pid=$!
	pids="$pids $pid"
	wait_for $pid
	for tid in $(ls /proc/$pid/task); do
		"$out/static" $pid $tid >"$out/$name.$tid" 2>>"$out/$name.log"
		build/stubborn bt $pid 2>/dev/null |
			awk -v t="TID $tid:" '/^TID/ { on = $0 == t } on' >"$out/$name.bt"
		same "$name has the frames of bt" "$out/$name.$tid" "$out/$name.bt"
	done
	is "$name runs on" kill $pid
}
cat >"$out/prog.c" <<'END'
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
static void inner(int sig) { (void)sig; pause(); }
static void outer(int sig) { (void)sig; raise(SIGUSR2); }
static void *thread(void *p) { pause(); return p; }
int deep(int n) { return n == 0 ? raise(SIGUSR1) : deep(n - 1) + 1; }
int main(int argc, char **argv) {
	pthread_t t;
	(void)argv;
	signal(SIGUSR1, outer);
	signal(SIGUSR2, inner);
	pthread_create(&t, NULL, thread, NULL);
	return deep(argc > 1 ? 1000 : 20);
}
END
"${CC:-cc}" -O1 -g -fno-optimize-sibling-calls -pthread -o "$out/prog" "$out/prog.c" || exit 1
compare sleep sleep 100
compare signals "$out/prog"
compare python3 python3 -S -c 'import time; sorted([1], key=lambda x: time.sleep(100))'
compare perl perl -e 'sub f { $_[0] ? f($_[0] - 1) : sleep 100 } f(30)'
compare bash bash -c 'f() { read -t 100 x </dev/tty1 || sleep 100; }; f; :'
compare gdb gdb -nx -q -ex 'shell sleep 100'

"$out/prog" deep &
pids="$pids $!"
wait_for $!
"$out/stackwalk" $! >"$out/deep"
is 'a thousand frames deep' [ "$(wc -l <"$out/deep")" -gt 1000 ]
if command -v strace >/dev/null 2>&1; then
	strace -f -e trace=process_vm_readv -o "$out/strace" "$out/static" $! >/dev/null 2>&1
	reads=$(grep -c process_vm_readv "$out/strace")
	is "a thousand frames cost few reads ($reads)" [ "$reads" -lt 120 -a "$reads" -gt 0 ]
else
	echo 'skip facade: reads counted (no strace here)'
fi
"$out/stackwalk" 999999999 >"$out/none" 2>&1
is 'no such process is an error' [ $? -eq 1 ]

# ---- a core ----

gdb -nx -batch -p $! -ex "gcore $out/core" >"$out/gcore.log" 2>&1
if [ -s "$out/core" ]; then
	make -s build/core_stack
	build/core_stack "$out/core" >"$out/core.ours" 2>"$out/core.log"
	build/stubborn bt -n 0 "$out/core" >"$out/core.bt" 2>>"$out/core.log"
	same 'a core has the frames of bt' "$out/core.ours" "$out/core.bt"
	build/core_stack "$out/core" all-or-nothing >"$out/core.all" 2>>"$out/core.log"
	is 'an all-or-nothing routine shows the same' cmp -s "$out/core.ours" "$out/core.all"
	rm -f "$out/core"
else
	echo 'skip facade: a core (gdb writes none here)'
fi
exit $bad
