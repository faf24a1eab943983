#!/bin/sh
# core.sh - cores: `stubborn bt CORE`, and `stubborn --core` served to a real gdb and a real lldb.
# Prints ok, not ok or skip lines.
set -u
server=${1:-build/stubborn}
tmp=$(mktemp -d)
bad=0
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$tmp"' EXIT

is() { # WHAT CONDITION...
	what=$1
	shift
	if "$@"; then echo "ok core $what"; else echo "not ok core $what"; bad=1; fi
}
has() { # WHAT FILE PATTERN
	is "$1" grep -q -E "$3" "$2"
}

cat >"$tmp/prog.c" <<'END'
#include <pthread.h>
#include <unistd.h>
volatile int value = 7;
static void *thread(void *p) { pause(); return p; }
int deep(int n) { if (n == 0) *(volatile int *)8 = value; return deep(n - 1) + 1; }
int main(void) {
	pthread_t t;
	pthread_create(&t, NULL, thread, NULL);
	usleep(100000);
	return deep(5);
}
END
${CC:-cc} -O1 -g -fno-optimize-sibling-calls -pthread -Wl,--build-id -o "$tmp/prog" "$tmp/prog.c" || exit 1
gdb -nx -batch -ex run -ex "gcore $tmp/core" "$tmp/prog" >"$tmp/gcore" 2>&1
[ -s "$tmp/core" ] || { echo "skip core (gdb writes none here)"; exit 0; }

$server bt "$tmp/core" >"$tmp/bt"
is 'bt ends well' [ $? -eq 0 ]
is 'bt walks recursion' [ "$(grep -c ' deep$' "$tmp/bt")" -eq 6 ]
is 'bt has every thread' [ "$(grep -c '^TID ' "$tmp/bt")" -eq 2 ]
mv "$tmp/prog" "$tmp/moved"
$server bt -1 "$tmp/core" >"$tmp/bt" 2>"$tmp/said"
is 'bt walks code whose file is gone' [ "$(grep -c 'by instructions' "$tmp/bt")" -ge 6 ]
has 'bt says so' "$tmp/said" "its program is not found \($tmp/prog\)"
$server bt -1 "$tmp/core" "$tmp/moved" >"$tmp/bt"
is 'bt takes the program from elsewhere' [ "$(grep -c ' deep$' "$tmp/bt")" -eq 6 ]
$server bt -1 "$tmp/core" /bin/true >"$tmp/bt" 2>&1
is 'bt refuses another program' [ $? -eq 2 ]
has 'bt says that it is another' "$tmp/bt" 'the program that was given did not make it'
$server bt -1 "$tmp/core" "$tmp/nowhere" >"$tmp/bt" 2>&1
is 'bt refuses a program that is not there' [ $? -eq 2 ]
cp /bin/true "$tmp/prog"
$server bt -1 "$tmp/core" >"$tmp/bt" 2>"$tmp/said"
has 'bt says that the program has changed' "$tmp/said" 'its program has changed since'
is 'bt names nothing by another program' [ "$(grep -c ' deep$' "$tmp/bt")" -eq 0 ]
rm "$tmp/prog"
mkdir "$tmp/beside"
ln "$tmp/core" "$tmp/beside/core"
cp "$tmp/moved" "$tmp/beside/prog"
$server bt -1 "$tmp/beside/core" >"$tmp/bt" 2>"$tmp/said"
is 'bt finds the program beside the core' [ "$(grep -c ' deep$' "$tmp/bt")" -eq 6 ]
is 'bt says nothing then' [ ! -s "$tmp/said" ]
cp /bin/true "$tmp/beside/prog"
$server bt -1 "$tmp/beside/core" >"$tmp/bt" 2>"$tmp/said"
has 'bt takes no other program beside the core' "$tmp/said" 'its program is not found'
mv "$tmp/moved" "$tmp/prog"
gzip -c "$tmp/core" >"$tmp/core.gz"
$server bt "$tmp/core.gz" >"$tmp/bt" 2>&1
has 'bt says that a core is compressed' "$tmp/bt" 'gzip -d$'
# Line by line what eu-stack says, but for the signal's mark and how libraries are called.
if command -v eu-stack >/dev/null 2>&1; then
	for options in '' -a -b -d -i -m -q -r -s -v '-n 3' '-i -s'; do
		$server bt $options "$tmp/core" | sed 's/ \[signal\]//; s|\( - \)/.*/|\1|; /^\[more/d' >"$tmp/ours"
		eu-stack $options --core "$tmp/core" -e "$tmp/prog" 2>/dev/null |
			sed 's|\( - \)/.*/|\1|' >"$tmp/theirs"
		is "bt $options is eu-stack's" cmp -s "$tmp/ours" "$tmp/theirs"
	done
fi
size=$(wc -c <"$tmp/core")
wrong=0
for i in 0 63 64 100 500 1000 2000 3000 4000 5000 8000 20000 $((size / 3)) $((size / 2)); do
	head -c "$i" "$tmp/core" >"$tmp/cut"
	timeout 200 "$server" bt "$tmp/cut" >/dev/null 2>&1
	[ $? -le 2 ] || wrong=$((wrong + 1))
done
is 'cut short anywhere is no disaster' [ $wrong -eq 0 ]

begin() { # a server at $port
	: >"$tmp/server" # not the port of the one before
	"$server" --core "$tmp/core" :0 2>"$tmp/server" &
	pid=$!
	port=
	for i in $(seq 600); do
		port=$(sed -n 's/^Listening on port //p' "$tmp/server")
		[ -z "$port" ] || break
		sleep 0.1
	done
}
use() { # COMMAND...: the client
	timeout 200 "$@" >"$tmp/client" 2>&1 </dev/null
	kill $pid
	wait $pid 2>/dev/null
	pid=
}
begin
use gdb -nx -batch -ex "target remote :$port" -ex bt -ex 'thread apply all bt' \
	-ex 'print value' -ex 'print $_siginfo.si_signo' -ex 'x/x 8' # it finds the program itself
has 'gdb walks it' "$tmp/client" '#6 .* in main '
has 'gdb sees both threads' "$tmp/client" 'thread \(p='
has 'gdb reads memory' "$tmp/client" '= 7$'
has 'gdb reads the signal' "$tmp/client" '= 11$'
has 'gdb is told of holes' "$tmp/client" 'Cannot access memory at address 0x8'
lldb=$(command -v lldb-19 || command -v lldb-22 || command -v lldb)
if [ -n "$lldb" ]; then
	begin
	use "$lldb" -b -o "gdb-remote $port" -o 'bt all' -o 'p value' -o 'image list -b' \
		-o 'thread siginfo' "$tmp/prog"
	has 'lldb walks it' "$tmp/client" 'frame #6: .*main'
	has 'lldb sees both threads' "$tmp/client" '`thread\('
	has 'lldb knows the signal and its cause' "$tmp/client" \
		'thread #1.*SIGSEGV: address not mapped to object \(fault address=0x8\)'
	has 'lldb reads memory' "$tmp/client" '7$'
	has 'lldb lists libraries' "$tmp/client" 'libc.so.6$'
	has 'lldb reads the signal' "$tmp/client" 'si_signo = 11'
	begin
	use "$lldb" -b -o "gdb-remote $port" -o 'bt all' -o 'image list -b'
	has 'lldb finds the program without being told' "$tmp/client" 'frame #5: .*`deep\(.* at prog.c:5'
	has 'lldb finds the libraries then' "$tmp/client" 'libc.so.6$'
	begin
	cat >"$tmp/note" <<-END
		#!/bin/sh
		grep 'send packet: [\$]' $tmp/log | grep -v -c '[\$]x0,' >>$tmp/counts
	END
	chmod +x "$tmp/note"
	use "$lldb" -b -o "log enable -f $tmp/log gdb-remote packets" -o "gdb-remote $port" \
		-o "shell $tmp/note" -o 'bt all' -o "shell $tmp/note" "$tmp/prog"
	is 'lldb walks all threads without a packet' [ "$(uniq "$tmp/counts" | wc -l)" -eq 1 ]
	"$server" --core "$tmp/core" "unix:$tmp/socket" 2>"$tmp/server" &
	pid=$!
	for i in $(seq 600); do
		[ -S "$tmp/socket" ] && break
		sleep 0.1
	done
	use "$lldb" -b -o "process connect -p gdb-remote unix-connect://$tmp/socket" -o 'bt all' \
		"$tmp/prog"
	has 'lldb comes by a Unix socket' "$tmp/client" 'frame #6: .*main'
fi

# A thread that died in the vDSO, which is in no file.
cat >"$tmp/tick.c" <<'END'
#include <time.h>
int tick(void) { return clock_gettime(CLOCK_MONOTONIC, (void *)8); }
int main(void) { return tick() + 1; }
END
${CC:-cc} -O1 -g -fno-optimize-sibling-calls -o "$tmp/tick" "$tmp/tick.c" || exit 1
gdb -nx -batch -ex run -ex bt -ex "gcore $tmp/core.tick" "$tmp/tick" >"$tmp/gcore" 2>&1
if grep -q '^#0 .* in clock_gettime' "$tmp/gcore"; then
	$server bt "$tmp/core.tick" >"$tmp/bt"
	has 'bt names functions of the vDSO' "$tmp/bt" '^#0 .* (__vdso_)?clock_gettime'
	has 'bt walks the vDSO by its tables' "$tmp/bt" '^#2  0x[0-9a-f]* tick$'
else
	echo 'skip core the vDSO (clock_gettime is no function of it here)'
fi

# A core as the kernel writes it, of a thread that used what only AVX-512 has.
if ! grep -q avx512bw /proc/cpuinfo; then
	echo "skip core AVX-512 (this CPU has none)"
	exit $bad
fi
cat >"$tmp/wide.c" <<'END'
int main(void) {
	__asm__ volatile("vpternlogd $0xff, %zmm20, %zmm20, %zmm20; vpsrld $7, %zmm20, %zmm20\n"
	                 "mov $0x1234567, %eax; kmovd %eax, %k3; movl $1, 8");
}
END
${CC:-cc} -g -o "$tmp/wide" "$tmp/wide.c" || exit 1
rm -f "$tmp"/core*
(cd "$tmp" && ulimit -c unlimited && ./wide) >"$tmp/wide.out" 2>&1
[ -s "$tmp/core" ] || mv "$tmp"/core* "$tmp/core" 2>/dev/null
if [ ! -s "$tmp/core" ]; then
	echo "skip core AVX-512 (the kernel's core_pattern sends cores elsewhere)"
	exit $bad
fi
begin
use gdb -nx -batch -ex "target remote :$port" -ex 'print $zmm20.v16_int32' -ex 'print/x $k3' \
	"$tmp/wide"
has 'gdb reads a zmm register' "$tmp/client" '= .33554431 <repeats 16 times>'
has 'gdb reads a mask register' "$tmp/client" '= 0x1234567$'
if [ -n "$lldb" ]; then
	begin
	use "$lldb" -b -o "gdb-remote $port" -o 'register read k3' "$tmp/wide"
	has 'lldb reads a mask register' "$tmp/client" 'k3 = 0x0*1234567$'
fi
exit $bad
