#!/bin/sh
# accuracy.sh STEPS - programs of Debian and of our own, each run for so many instructions: at every
# PC met the walker's answer is compared with a shadow call stack (accuracy.c). Prints a line a
# program and the sum; fails when an answer given at full trust was wrong, or when fewer than 99.99 %
# are right.
set -u
steps=${1:-700000}
out=build/accuracy-programs
mkdir -p $out
: >$out/lines

run() {
	[ -x "$1" ] || { echo "skip accuracy of $1 (not here)"; return; }
	build/accuracy -n "$steps" "$@" | tee -a $out/lines
}
# own NAME SOURCE FLAGS...: a program of ours, by this compiler.
own() {
	name=$1 source=$2
	shift 2
	"${compiler:-${CC:-cc}}" "$@" -w -o $out/"$name" tests/accuracy/progs/"$source" && run $out/"$name"
}

printf 'a b c\n' >$out/text
printf 'int f(int a) { return a * 2; }\n' >$out/f.c
run /bin/bash -c 'f() { echo $1; }; for i in 1 2; do f $i; done; x=$(echo hi); [[ $x == h* ]]'
run /usr/bin/perl -e 'my %h = map { $_ => 1 } 1..9; print join ",", sort { $a <=> $b } keys %h;'
run /usr/bin/python3 -S -c 'print(sorted([3, 1, 2]))'
run /usr/bin/git --version
run /usr/bin/sqlite3 :memory: 'create table t(a); insert into t values(1),(2); select sum(a) from t;'
run /usr/bin/xz -9e -k -c $out/text
run /usr/bin/openssl dgst -sha256 $out/text
run /usr/bin/gdb -nx -batch -ex 'print 1'
cc1=$("${CC:-cc}" -print-prog-name=cc1)
run "$cc1" -quiet -O2 $out/f.c -o $out/f.s
own signals signals.c -O1
for o in -O0 -O1 -O2 -Os "-O2 -fno-omit-frame-pointer" "-O2 -fcf-protection=none"; do
	own "tableless$(echo "$o" | tr -d ' ')" tableless.c $o -fno-asynchronous-unwind-tables \
		-fno-unwind-tables
done
compiler=${CLANG:-clang}
if command -v "$compiler" >/dev/null 2>&1; then
	own tableless-clang tableless.c -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables
fi

# arm FLAGS: the tableless program, static, from its main on, in qemu-aarch64.
arm() {
	name=aarch64-tableless$(echo "$1" | tr -d ' ')
	$arm_cc $1 -w -static -fno-asynchronous-unwind-tables -fno-unwind-tables -o $out/"$name" \
		tests/accuracy/progs/tableless.c || return
	start=$(nm $out/"$name" | sed -n 's/^0*\([0-9a-f]*\) T main$/\1/p')
	qemu-aarch64 -g $port $out/"$name" >/dev/null 2>&1 &
	qemu=$!
	sleep 1
	timeout 100 build/accuracy_aarch64 127.0.0.1:$port $out/"$name" 30000 "$start" | tee -a $out/lines
	kill $qemu 2>/dev/null
	wait $qemu 2>/dev/null
	port=$((port + 1))
}
arm_cc=${AARCH64_CC:-aarch64-linux-gnu-gcc}
port=$((20000 + $$ % 20000))
if command -v "$arm_cc" >/dev/null 2>&1 && command -v qemu-aarch64 >/dev/null 2>&1; then
	for o in -O0 -O1 -O2 -Os; do arm "$o"; done
else
	echo 'skip accuracy on AArch64 (no compiler or no qemu-aarch64 here)'
fi

# Code that no table speaks of and that follows no ABI: V8's builtins and what it compiles. Judged apart.
if command -v node >/dev/null 2>&1; then
	for script in hot wide; do
		build/accuracy -n "$steps" -s node --single-threaded --predictable \
			tests/accuracy/progs/$script.js
	done
else
	echo 'skip accuracy of node (not here)'
fi

awk '{
		pcs += $2; right += $4; stopped += $6; wrong += $8; full += $10
	}
	END {
		if (pcs == 0) { print "not ok accuracy (no program ran)"; exit 1 }
		share = 100 * right / pcs
		good = share >= 99.99 && full == 0
		printf "%s accuracy: %d PCs, %d right, %d stopped, %d wrong (%d at full trust): %.4f %%\n",
			good ? "ok" : "not ok", pcs, right, stopped, wrong, full, share
		exit !good
	}' $out/lines
