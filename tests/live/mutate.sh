#!/bin/sh
# mutate.sh SECONDS [SERVER...] - a hostile client (mutate.c) against live servers: seeded valid,
# mutated, broken and abandoned packets. A server must neither die nor hang nor grow, and serve a
# fresh client rightly in the end. Default: build/stubborn and build/stubborn-san, both for SECONDS.
# gdbserver, lldb-server and other servers are only counted: how often they died.
# The environment may say SEED (default 1). What a server printed last: build/check/mutate.NAME.log
set -u
cd "$(dirname "$0")/../.." || exit 1
[ $# -gt 0 ] || { echo "usage: mutate.sh SECONDS [SERVER...]" >&2; exit 2; }
seconds=$1
shift
[ $# -gt 0 ] || set -- build/stubborn build/stubborn-san
seed=${SEED:-1}
mkdir -p build/check
make -s build/tools/mutate build/session progs || exit 1
corpus=$(mktemp "$PWD/build/check/corpus.XXXXXX") || exit 1
trap 'rm -f "$corpus"' EXIT
trap 'exit 130' INT TERM
failures=0
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1

hex() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}
# A body for a line: those of the transcripts, programs to run, and what only a live server has.
{
	sed -n 's/^> //p' tests/stub/*.rsp
	for p in session progs/threads progs/fork progs/signals progs/loop progs/exec progs/output; do
		for again in 1 2 3; do
			echo "vRun;$(hex "$PWD/build/$p");33"
		done
		h=$(hex "$PWD/build/$p")
		echo "A${#h},0,$h"
	done
	cat <<-'END'
		?
		c
		s
		vCont;c
		vCont;s
		vCont;t
		vCtrlC
		vCont;r555555555000,555555556000
		vCont;c:p-1.-1
		C05
		S0b
		g
		p10
		P0=0011223344556677
		P10=0000000000000000
		m555555554000,40
		x555555554000,1000
		m7fffffffe000,2000
		m20000ff0,20
		M20000ff0,2:aabb
		X20000ff0,2:ab
		M20000ff8,10:00112233445566778899aabbccddeeff
		Z0,5555555553a9,1
		z0,5555555553a9,1
		Z0,555555555770,1
		Z1,555555555770,1
		z1,555555555770,1
		Z2,555555558010,4
		z2,555555558010,4
		Z3,555555558010,8
		Z4,555555558014,1
		Hg0
		Hc-1
		qfThreadInfo
		qsThreadInfo
		qXfer:features:read:target.xml:0,fff
		qXfer:auxv:read::0,1000
		qXfer:libraries-svr4:read::0,1000
		qXfer:threads:read::0,1000
		qXfer:siginfo:read::0,80
		qXfer:siginfo:write::0:0011
		qXfer:exec-file:read::0,fff
		qXfer:exec-file:read:1:0,fff
		qSearch:memory:555555554000;100000;ELF
		qCRC:555555554000,100000
		qMemoryRegionInfo:555555554000
		qMemoryRegionInfo:0
		_M1000,rwx
		_m7ffff7fbd000
		QSaveRegisterState
		QRestoreRegisterState:1
		jThreadsInfo
		MultiMemRead:ranges:555555554000,40,20000ff0,20;
		qRcmd,68656c70
		qRcmd,7365742064656275672030
		QPassSignals:e;10;14
		QProgramSignals:0;1;2
		QSetWorkingDir:2f746d70
		QEnvironment:A=b
		QSetSTDOUT:2f6465762f6e756c6c
		QSetDisableASLR:1
		QDisableRandomization:1
		qThreadStopInfo1
		vKill;1
		k
		D
		D;1
		T1
		!
		vFile:setfs:0
		vFile:open:2f70726f632f73656c662f6d617073,0,0
		QNonStop:1
		QNonStop:0
		vStopped
		QThreadEvents:1
		QCatchSyscalls:1
		bc
		bs
		qTStatus
		qTfV
		qGetTLSAddr:1,0,0
		QAgent:1
		jGetLoadedDynamicLibrariesInfos:{"fetch_all_solibs":true}
		qModuleInfo:2f62696e2f7368;7838365f3634
		qFileLoadAddress:2f62696e2f7368
	END
} >"$corpus"

# play SERVER NAME OPTIONS... -- ARGUMENTS...
play() {
	server=$1 name=$2
	shift 2
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	log=build/check/mutate.$name.log
	rm -f "$log"
	if build/tools/mutate $options -l "$log" "$seconds" "$seed" "$corpus" "$PWD/build/session" \
		"$server" "$@" >build/check/mutate.out 2>&1; then
		echo "ok mutate $seconds s on $name, seed $seed: $(tail -n 1 build/check/mutate.out)"
	else
		failures=1
		echo "not ok mutate $seconds s on $name, seed $seed ($(tail -n 1 build/check/mutate.out))"
		cat build/check/mutate.out
		tail -n 40 "$log"
	fi
}

for server; do
	path=$(command -v "$server") || { echo "skip mutate on $server (it is not there)"; continue; }
	name=$(basename "$server")
	case $name in
	stubborn) play "$path" "$name" -g 2048 -- --multi @ ;;
	# AddressSanitizer keeps what was freed, so its growth says nothing.
	stubborn*) play "$path" "$name" -- --multi @ ;;
	gdbserver*) play "$path" "$name" -c -- --multi @ ;;
	lldb-server*) play "$path" "$name" -c -n -- gdbserver @ -- "$PWD/build/session" ;;
	*) echo "skip mutate on $server (how is it started?)" ;;
	esac
done
exit $failures
