#!/bin/sh
# check.sh quick|clients|package|all - runs the tests, one part after another, and counts. Each part prints
# lines `ok NAME`, `not ok NAME (why)`, `skip NAME (why)`, or is a Check runner. Full output of each
# part is kept in build/check/PART.log; what failed is shown, and named again before the last line:
# `N passed, N failed`.
set -u
which=${1:-quick}
mkdir -p build/check
failures=build/check/failures
: >"$failures"
passed=0 failed=0 skipped=0

# run NAME COMMAND...: a part's log, its exit status and the seconds it took, under build/check.
run() {
	at=build/check/$1
	shift
	begin=$(date +%s)
	"$@" >"$at.log" 2>&1 </dev/null
	echo $? $(($(date +%s) - begin)) >"$at.status"
}
# start NAME COMMAND...: a part that runs beside what follows, until `finish NAME`. A shell's background
# commands ignore Ctrl-C, and so would every program under test.
start() {
	name=$1
	shift
	run "$name" env --default-signal=INT,QUIT "$@" &
	eval "pid_$(echo "$name" | tr - _)=$!"
}
# report NAME: an exit status that no counted failure explains is a failure too.
report() {
	name=$1
	log=build/check/$name.log
	read -r status took <build/check/"$name".status
	p=$(grep -c '^ok ' "$log")
	f=$(grep -c '^not ok ' "$log")
	s=$(grep -c '^skip ' "$log")
	checks=$(sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' "$log" | tail -1)
	if [ -n "$checks" ]; then
		set -- $checks
		p=$((p + $1 - $2 - $3)) f=$((f + $2 + $3))
	fi
	if [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "not ok $name (exit status $status)" >>"$log"
		f=1
	elif [ $status -eq 0 ] && [ "$p$f$s" = 000 ]; then
		p=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-22s %4d passed %3d failed %3d skipped %4d s\n' "$name" "$p" "$f" "$s" "$took"
	grep '^skip ' "$log"
	if [ "$f" -ne 0 ]; then
		grep -A3 -E '^not ok |:[0-9]+:[FE]:' "$log" | tail -n 40
		[ "$(grep -c '^not ok ' "$log")" -gt 1 ] || tail -n 15 "$log"
		grep -E '^not ok |:[0-9]+:[FE]:' "$log" | sed "s/^/failed in $name: /" >>"$failures"
	fi
}
part() {
	run "$@"
	report "$1"
}
finish() {
	eval "wait \$pid_$(echo "$1" | tr - _)"
	report "$1"
}

jobs=-j$(nproc 2>/dev/null || echo 2)
export UBSAN_OPTIONS=print_stacktrace=1
# What programs say is compared: in English, and with nothing about a home or a language that is not here.
export LC_ALL=C HOME="${HOME:-$PWD/build/check}"

quick() {
	part build make -s $jobs all freestanding
	part tests make -s $jobs build/unit build/unit-san build/unit-plain build/stubborn-san build/session progs tools
	part layers sh tests/check_layers.sh
	part symbols sh tests/check_symbols.sh
	part format sh tests/check_format.sh
	start clang make -s $jobs clang-objects # many of these tests wait
	part unit sh tests/unit.sh build/unit
	finish clang
	part unit-san sh tests/unit.sh build/unit-san
	part unit-plain sh tests/unit.sh build/unit-plain plain transcripts
	start bad-input sh tests/live/bad_input.sh
	part program sh tests/program/program.sh
	finish bad-input
	start lldb sh tests/live/session_lldb.sh # a session waits more than it computes
	part gdb sh tests/live/session_gdb.sh
	finish lldb
	start lldb-san sh tests/live/session_lldb.sh build/stubborn-san
	part gdb-san sh tests/live/session_gdb.sh build/stubborn-san
	finish lldb-san
	start bad-line sh tests/live/bad_line.sh
	part editors sh tests/editors/editors.sh
	part platform sh tests/live/platform.sh
	part mutate sh tests/live/mutate.sh 10
	finish bad-line
	start ahead sh tests/live/ahead.sh
	part vanish sh tests/live/vanish.sh 180
	part bt sh tests/live/bt.sh
	part bad-peer sh tests/live/bad_peer.sh build/stubborn-san
	finish ahead
	start examples sh tests/examples/run.sh # it installs, as facade does: not both at once
	part core sh tests/live/core.sh
	part demo sh tests/demo.sh check
	finish examples
	part counts sh tests/bench/counts.sh
	part facade sh tests/dbghelp/facade.sh
	part fuzz sh tests/fuzz/fuzz.sh 3s
}
clients() {
	part clients sh tests/clients/check_clients.sh
}
suites() {
	part gdb-suite sh tests/suites/gdb_suite.sh
	part lldb-suite sh tests/suites/lldb_suite.sh
}
package() {
	part static sh tests/package/static.sh
	part deb sh tests/package/deb.sh
}
rest() {
	package
	part machines sh tests/machines.sh
	part boards make -s check-boards
	part system sh tests/boards/system.sh
	part line env LINE_TIMEOUT=5 make -s bench-line SESSIONS=4
	part vanish-long sh tests/live/vanish.sh 1000
	part mutate-minute sh tests/live/mutate.sh 60
	part bad-line-long sh tests/live/bad_line.sh long
	part bad-peer-long sh tests/live/bad_peer.sh build/stubborn-san long
	part fuzz-long sh tests/fuzz/fuzz.sh 1m
}
case $which in
quick) quick ;;
clients) clients ;;
package) package ;;
gdb-suite) part gdb-suite sh tests/suites/gdb_suite.sh ;;
lldb-suite) part lldb-suite sh tests/suites/lldb_suite.sh ;;
all) quick; clients; suites; rest ;;
*) echo "usage: check.sh quick|clients|package|gdb-suite|lldb-suite|all" >&2; exit 2 ;;
esac

tail -n 20 "$failures"
[ "$skipped" -eq 0 ] || echo "$skipped skipped, each named above"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
