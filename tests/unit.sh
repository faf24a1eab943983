#!/bin/sh
# unit.sh BINARY [SUITE...] - the Check suites in three lanes side by side: those that run programs and
# sockets, one after the other as their timing wants it, and beside them those that only compute, of
# the freestanding rooms and of the hosted; or those named. Check's own closing lines are added up to one.
set -u
# The limits of a test are for those that hang, and a busy machine is slow.
export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-10}"
binary=$1 out=build/check/$(basename "$1")
shift
mkdir -p build/check
suites() {
	sed -n 's/^SUITE(\([a-z_]*\))$/\1/p'
}
lane() {
	for suite in "$@"; do
		CK_RUN_SUITE=$suite "$binary" || echo "$suite" >>"$out.failed"
	done
}
rm -f "$out.failed" "$out".lane*
hosted=tests/suites_hosted.h
if [ $# -gt 0 ]; then
	lane "$@" >"$out.lane1" 2>&1
else
	# A process for each test costs more than these tests; what hangs here has no limit of Check's.
	CK_FORK=no lane $(suites <tests/suites.h) >"$out.lane1" 2>&1 &
	lane $(sed '1,/^.. Those that only compute/d' $hosted | suites) >"$out.lane2" 2>&1 &
	lane $(sed '/^.. Those that only compute/,$d' $hosted | suites) >"$out.lane3" 2>&1
	wait
fi
cat "$out".lane*
awk -F'[:,]' '/Checks: [0-9]+, Failures: / { checks += $3; failures += $5; errors += $7; suites++ }
	END { printf "%d suites, Checks: %d, Failures: %d, Errors: %d\n", suites, checks, failures, errors }' \
	"$out".lane*
[ ! -e "$out.failed" ]
