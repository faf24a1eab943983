# session_lib.sh - what the scripted sessions share; sourced, with $server and $client set.
# The environment may say:
#   INSIDE    what the host's paths begin with for the client (a folder that it is chrooted into)
#   WITHOUT   names of steps to leave out (known faults of another server)
#   OUTSIDE   how to run a command where the client runs ("" here)
INSIDE=${INSIDE:-} OUTSIDE=${OUTSIDE:-} WITHOUT=${WITHOUT:-}
here=tests/live
failures=0
mkdir -p build/check
dir=$(mktemp -d "$PWD/build/check/session.XXXXXX") || exit 1
# What a debugger runs before `continue`: Ctrl-C for that debugger when its program runs.
cat >"$dir/poke" <<END
debugger=\$PPID
. $INSIDE$PWD/$here/sleeps.sh
{
	until_it_sleeps "\$(program "$dir")" && kill -INT "\$debugger"
} </dev/null >/dev/null 2>&1 &
END
started=
trap 'stop_all; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# Ends the servers that this script started and the program that they may have left.
stop_all() {
	for p in $started; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	[ -z "${pid:-}" ] || kill -KILL "$pid" 2>/dev/null
}
is_ok() {
	echo "ok $who: $1"
}
is_wrong() {
	echo "not ok $who: $1 ($(printf %s "$2" | tr '\n' '|' | cut -c 1-600))"
	failures=$((failures + 1))
}
# until_true SECONDS COMMAND...: polls ten times a second.
until_true() {
	left=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}
# start LOG COMMAND...: a server; its port is in $port.
start() {
	log=$1
	shift
	: >"$log" # else the last one's port may be read
	SESSION_WORD='over the wire' "$@" >"$log" 2>&1 </dev/null &
	started="$started $!"
	server_pid=$!
	until_true 60 grep -q 'Listening on port [0-9]' "$log" || {
		is_wrong server-starts "$(cat "$log")"
		return 1
	}
	port=$(sed -n 's/.*Listening on port \([0-9][0-9]*\).*/\1/p' "$log" | head -1)
}
is_gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*[ZX]' "/proc/$1/status" 2>/dev/null
}
features() {
	for f in avx avx512f; do
		grep -qw "$f" /proc/cpuinfo && printf '%s ' "$f"
	done
	printf '%s' "${FEATURES:-}"
}
# steps MODE ARGUMENTS...: steps.awk with what this session knows.
steps() {
	mode=$1
	shift
	MARKER=$marker awk -v mode="$mode" -v who="$who" -v features="$(features)" \
		-v without="$WITHOUT" -f $here/steps.awk "$@"
}
fill_in() {
	sed -e "s|@COMM@|127.0.0.1:${port:-0}|g" -e "s|@PORT@|${port:-0}|g" \
		-e "s|@PROG@|$INSIDE$PWD/build/session|g" -e "s|@REMOTE@|$PWD/build/session|g" \
		-e "s|@SERVER@|$INSIDE$PWD/$server|g" -e "s|@DIR@|$INSIDE$dir|g" \
		-e "s|@PID@|${pid:-0}|g"
}
# check_part STEPS OUTPUT ALLOWED: every step's answer, then that nothing complained unasked.
check_part() {
	steps check "$1" "$2" || failures=$((failures + 1))
	bad=$(grep -i 'warning:' "$2" | grep -v -E "$3")
	if [ -z "$bad" ]; then
		is_ok "no-warnings-$(basename "$1")"
	else
		is_wrong "no-warnings-$(basename "$1")" "$bad"
	fi
}
