#!/bin/sh
# machines.sh - the unit tests of the freestanding rooms on a 32-bit machine, on a big-endian one and
# on aarch64, under qemu-user where the machine is not this one; with the sources at -Os.
set -u
status=0
run() { # NAME COMPILER EMULATOR
	name=$1 cc=$2 emulator=$3
	command -v "$cc" >/dev/null 2>&1 || { echo "skip $name (no $cc here)"; return; }
	[ -z "$emulator" ] || command -v "$emulator" >/dev/null 2>&1 || { echo "skip $name (no $emulator here)"; return; }
	out=build/machines/$name
	mkdir -p build/machines
	if ! $cc -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Os -D_GNU_SOURCE -static \
		-DSTUBBORN_VERSION='"test"' -Itests/minicheck -I. -o "$out" \
		tests/minicheck/minicheck.c tests/main_free.c tests/runner.c tests/flush.c tests/rsp/*.c tests/arch/*.c \
		tests/stub/*.c tests/unwind/*.c $(ls rsp/*.c | grep -v '^rsp/long') rsp/small/*.c arch/*.c arch/unwind/*.c stub/*.c >"$out.build" 2>&1; then
		echo "not ok $name-builds ($(grep -m1 error "$out.build"))"
		status=1
		return
	fi
	if $emulator "$out" >"$out.log" 2>&1; then
		echo "ok $name ($(tail -1 "$out.log"))"
	else
		echo "not ok $name ($(grep -m1 ':F: ' "$out.log"))"
		status=1
	fi
}
run i686 i686-linux-gnu-gcc ""
run s390x s390x-linux-gnu-gcc qemu-s390x
run aarch64 aarch64-linux-gnu-gcc qemu-aarch64
exit $status
