#!/bin/sh
# coverage.sh - the share of line starts that a server goes past without lifting its breakpoint, in
# code of gcc -O0 and -O2: this house's own.
set -eu
dir=build/bench
mkdir -p $dir
[ "$(uname -m)" = x86_64 ] || { echo "skip coverage (x86_64's instructions are what is counted)"; exit 0; }
make -s build/stubborn build/libstubborn.a
${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -O2 -g -I. -o $dir/coverage \
	tests/bench/coverage.c build/libstubborn.a -ldw -lelf
for level in O0 O2; do
	${CC:-cc} -std=c11 -$level -g -I. -fPIC -shared -o $dir/house-$level.so rsp/*.c arch/*.c arch/unwind/*.c \
		stub/*.c -DSTUBBORN_VERSION='"x"'
done
$dir/coverage "gcc -O0=$dir/house-O0.so" "gcc -O2=$dir/house-O2.so"
