#!/bin/sh
# fuzz.sh TIME - runs each fuzz entry for TIME (5s, 5m) from its kept inputs in tests/fuzz/NAME/.
# A finding is left in build/fuzz/ and named; kept inputs are replayed first.
set -u
time=${1:-5s}
# A run of seconds is the same each time, as far as it comes; what is new is for the long ones.
case $time in *m) seconds=$((${time%m} * 60)) seed= ;; *) seconds=${time%s} seed=-seed=1 ;; esac
command -v "${CLANG:=clang}" >/dev/null 2>&1 || { echo "skip fuzz (no clang here)"; exit 0; }
mkdir -p build/fuzz
flags='-std=c11 -D_GNU_SOURCE -I. -O1 -g -fno-sanitize-recover=all'
mkdir -p build/fuzz/obj
# What all entries share is compiled once, on every core.
ls rsp/*.c arch/*.c arch/unwind/*.c stub/*.c stub/dump/*.c tests/stub/fake*.c | xargs -P "$(nproc)" -I{} sh -c \
	"$CLANG $flags"' -fsanitize=fuzzer-no-link,address,undefined -c -o "build/fuzz/obj/$(echo "$1" | tr / _).o" "$1"' \
	sh {} >build/fuzz/obj.build 2>&1 ||
	{ echo "not ok fuzz (does not build: $(head -1 build/fuzz/obj.build))"; exit 1; }
# The dictionary comes from the rows, the first inputs from the transcripts.
${CC:-cc} -std=c11 -I. -DSTUBBORN_VERSION='"fuzz"' -o build/fuzz/dict tests/fuzz/dict.c rsp/*.c arch/*.c \
	arch/unwind/*.c stub/*.c && build/fuzz/dict >build/fuzz/packets.dict
mkdir -p build/fuzz/fuzz_engine.corpus
for transcript in tests/stub/*.rsp; do
	for mode in '\000' '\022' '\044'; do # as it is; gdb in a small buffer; lldb and a late target
		{ printf "$mode"; sed -n 's/^> //p' "$transcript"; } \
			>"build/fuzz/fuzz_engine.corpus/${transcript##*/}-${mode#?}"
	done
done
# fuzz ENTRY: builds and runs one; prints its line.
fuzz() {
	name=$(basename "$1" .c)
	if ! $CLANG $flags -fsanitize=fuzzer,address,undefined -o "build/fuzz/$name" "$1" \
		build/fuzz/obj/*.o >"build/fuzz/$name.build" 2>&1; then
		echo "not ok $name (does not build: $(head -1 "build/fuzz/$name.build"))"
		return
	fi
	mkdir -p "build/fuzz/$name.corpus" "tests/fuzz/$name"
	dict=
	[ -f "build/fuzz/packets.dict" ] && dict=-dict=build/fuzz/packets.dict
	if build/fuzz/$name -max_total_time="$seconds" $seed -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
		$dict -artifact_prefix="build/fuzz/$name." "build/fuzz/$name.corpus" "tests/fuzz/$name" \
		>"build/fuzz/$name.log" 2>&1; then
		echo "ok $name ($seconds s)"
	else
		echo "not ok $name ($(grep -m1 -E 'ERROR|SUMMARY|runtime error' "build/fuzz/$name.log"))"
	fi
	rmdir "tests/fuzz/$name" 2>/dev/null
}
# Two at a time, each of every second entry.
every_second() {
	for entry in tests/fuzz/fuzz_*.c; do
		[ $((turn = (turn + 1) % 2)) -ne "$1" ] || fuzz "$entry"
	done
}
turn=0
every_second 0 >build/fuzz/even &
every_second 1 >build/fuzz/odd
wait
cat build/fuzz/even build/fuzz/odd
! grep -q '^not ok' build/fuzz/even build/fuzz/odd
