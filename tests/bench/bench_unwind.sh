#!/bin/sh
# bench_unwind.sh - the walker against libdwfl and libunwind on one stack, then `stubborn bt` against
# eu-stack on whole processes, with names and without. Milliseconds are the best of ten runs.
set -u
build/bench_unwind || exit 1

# best COMMAND...: milliseconds of the fastest of ten runs.
best() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		begin=$(date +%s%N)
		"$@" >/dev/null 2>&1
		echo $((($(date +%s%N) - begin) / 1000))
	done | sort -n | head -1
}
# compare NAME PID
compare() {
	for quiet in '' -q; do
		ours=$(best build/stubborn bt $quiet "$2")
		theirs=$(best eu-stack $quiet -p "$2")
		echo "$1 ${quiet:-names} $ours $theirs" | awk '{
			printf "%-12s %-6s stubborn bt %8.2f ms, eu-stack %8.2f ms (%.1fx)\n", $1,
				$2 == "-q" ? "plain" : $2, $3 / 1000, $4 / 1000, $4 / $3 }'
	done
	build/stubborn bt -v "$2" | awk -v name="$1" '/stood still/ {
			n++; sum += $4; if ($4 > most) most = $4
		}
		END { printf "%-12s %d threads were stopped, for %.0f us each, %.0f at most\n", name, n, n ? sum / n : 0, most }'
}
# with NAME COMMAND...: runs it in the background and compares on it.
with() {
	name=$1
	shift
	command -v "$1" >/dev/null 2>&1 || { echo "skip $name (not here)"; return; }
	"$@" >/dev/null 2>&1 </dev/null &
	pid=$!
	sleep 1
	compare "$name" $pid
	kill $pid
	wait $pid 2>/dev/null
}

# still COMMAND...: microseconds that a thread stands still, the mean of all threads, in the best of ten
# runs. By the times of the ptrace calls, so that both are seen by the same eyes.
still() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		strace -f --seccomp-bpf -e trace=ptrace -ttt -o "$trace" "$@" >/dev/null 2>&1
		awk '{
			match($0, /PTRACE_[A-Z]+, [0-9]+/)
			split(substr($0, RSTART, RLENGTH), call, ", ")
		}
		call[1] == "PTRACE_ATTACH" || call[1] == "PTRACE_INTERRUPT" { at[call[2]] = $2 }
		call[1] == "PTRACE_DETACH" { n++; sum += $2 - at[call[2]] }
		END { printf "%.0f\n", n ? sum / n * 1e6 : 0 }' "$trace"
	done | sort -n | head -1
}
# stand NAME COMMAND...: of 50 threads.
stand() {
	name=$1
	shift
	command -v strace >/dev/null 2>&1 || { echo "skip stand still (no strace; make deps-unwind)"; return; }
	trace=$(mktemp)
	"$@" &
	pid=$!
	sleep 1
	ours=$(still build/stubborn bt $pid)
	theirs=$(still eu-stack -p $pid)
	kill $pid
	wait $pid 2>/dev/null
	rm -f "$trace"
	echo "50 threads $name, each stands still for: stubborn bt $ours us, eu-stack $theirs us"
}

stand 'walked by frame pointers' build/progs/depths 50 wait
stand 'of python' /usr/bin/python3 -c 'import threading, time
for i in range(49): threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
time.sleep(100)'
with python /usr/bin/python3 -c 'import json, decimal, time; time.sleep(100)'
with threads /usr/bin/python3 -c 'import threading, time
for i in range(49): threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
time.sleep(100)'
with node node -e 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) }
const t = Date.now(); while (Date.now() - t < 60000) f(20);'
exit 0
