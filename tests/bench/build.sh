#!/bin/sh
# build.sh - makes build/bench/bench, threads and prog when their sources are newer.
set -eu
dir=build/bench
mkdir -p $dir
newer() {
	for f in tests/bench/*.[chS]; do
		[ "$f" -ot "$1" ] || return 0
	done
	return 1
}
if newer $dir/bench; then
	# -O3: the client's loops over what it received must cost nothing.
	${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -O3 -g -I. \
		-o $dir/bench tests/bench/bench.c tests/bench/client.c tests/bench/measure.c tests/bench/measure_*.c \
		tests/bench/count.c tests/bench/bare.c -lm
fi
if newer $dir/threads; then
	${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -O3 -g -I. \
		-o $dir/threads tests/bench/threads.c tests/bench/client.c tests/bench/count.c
fi
if newer $dir/prog; then
	${CC:-cc} -std=c11 -Wall -Wextra -Werror -O1 -g -I. -pthread -o $dir/prog \
		tests/bench/prog.c tests/bench/loop_x86_64.S
fi
if newer $dir/start; then
	${CC:-cc} -std=c11 -Wall -Wextra -Werror -O0 -g -o $dir/start tests/bench/start.c
fi
