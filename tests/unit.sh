#!/bin/sh
# unit.sh BINARY - the Check suites in two lanes side by side: those that run programs and sockets, one
# after the other as their timing wants it, and beside them those that only compute. Check's own closing
# lines are added up to one.
set -u
# The limits of a test are for those that hang, and a busy machine is slow.
export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-10}"
binary=$1 out=build/check/$(basename "$1")
mkdir -p build/check
suites() {
	sed -n 's/^SUITE(\([a-z_]*\))$/\1/p' "$@"
}
lane() {
	for suite in "$@"; do
		CK_RUN_SUITE=$suite "$binary" || echo "$suite" >>"$out.failed"
	done
}
rm -f "$out.failed"
lane $(suites tests/suites.h) >"$out.computing" 2>&1 &
lane $(suites tests/suites_hosted.h) >"$out.running" 2>&1
wait
cat "$out.computing" "$out.running"
awk -F'[:,]' '/Checks: [0-9]+, Failures: / { checks += $3; failures += $5; errors += $7; suites++ }
	END { printf "%d suites, Checks: %d, Failures: %d, Errors: %d\n", suites, checks, failures, errors }' \
	"$out.computing" "$out.running"
[ ! -e "$out.failed" ]
