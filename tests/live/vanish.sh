#!/bin/sh
# vanish.sh [COUNT [SERVER]] - COUNT clients (default 1000) are killed in the middle of anything, half
# of them at a launched program and half at an attached one (vanish.c). No program and no server may
# be lost, no breakpoint left behind, and the next client must be served at once.
#   SERVER  default build/stubborn      SEED=N  default 1
set -u
cd "$(dirname "$0")/../.." || exit 1
count=${1:-1000}
server=${2:-build/stubborn}
who=vanish
. tests/live/session_lib.sh

# play NAME: the clients, at the server that runs.
play() {
	build/tools/vanish "$port" "$server_pid" "$pid" $((count / 2)) "${SEED:-1}" >"$dir/out" 2>&1
	status=$?
	if [ $status -eq 0 ]; then
		is_ok "$1: $(cat "$dir/out")"
	else
		is_wrong "$1" "$(cat "$dir/out" "$dir/server")"
	fi
}

start "$dir/server" "$server" 127.0.0.1:0 "$PWD/build/progs/loop" || exit 1
pid=$(sed -n 's/.*created; pid = //p' "$dir/server")
play launched
kill "$server_pid"

build/progs/loop &
pid=$!
start "$dir/server" "$server" --attach 127.0.0.1:0 "$pid" || exit 1
play attached
kill "$server_pid"
wait "$server_pid" 2>/dev/null
if is_gone "$pid"; then
	is_wrong attached-goes-on "it is gone"
else
	is_ok attached-goes-on
fi
[ $failures -eq 0 ]
