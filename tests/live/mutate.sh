#!/bin/sh
# mutate.sh [SECONDS [SERVER]] - seeded random and mutated packets, frames cut short, resets and HTTP
# requests at a live server (mutate.c); then the server must be there, as small as before, and give a
# gdb a right session. A server that dies is started again, and its deaths are counted.
#   SECONDS  default 60      SERVER  default build/stubborn (also gdbserver)      SEED=N  default 1
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
server=${2:-build/stubborn}
who=mutate
. tests/live/session_lib.sh
seed=${SEED:-1}
nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

# What a mutated packet makes the program do, it does as nobody (if root runs this), and writes no
# big file and no core.
if [ "$(id -u)" != 0 ] || ! $nobody test -x "$PWD/build/session" 2>/dev/null; then
	nobody=
fi
start_server() {
	start "$dir/server" $nobody sh -c 'ulimit -c 0; ulimit -f 20000; exec "$@"' sh \
		$server --multi 127.0.0.1:0 "$PWD/build/session" one
}
# How the server that died ended: a status above 128 is a signal.
bury() {
	wait "$server_pid"
	end=$?
	if [ $end -gt 128 ]; then
		crashes=$((crashes + 1))
	else
		exits=$((exits + 1))
	fi
	last="status $end: $(tail -n 3 "$dir/server" | tr '\n' '|')"
}

crashes=0 exits=0 last=
end_at=$(($(date +%s) + seconds))
while rest=$((end_at - $(date +%s))) && [ $rest -gt 0 ]; do
	start_server || exit 1
	build/tools/mutate "$port" "$server_pid" $rest $seed "$PWD/build/session" >"$dir/out" 2>&1
	status=$?
	seed=$((seed + 1))
	if [ $status -ne 3 ]; then
		break
	fi
	bury
done
grep -v 'server-lives' "$dir/out"
if [ $status -eq 1 ]; then
	failures=$((failures + 1))
fi
if [ $crashes -eq 0 ] && [ $exits -eq 0 ]; then
	is_ok server-lives
else
	is_wrong server-lives "crashed $crashes times, ended itself $exits times; the last: $last"
fi

play_gdb() {
	(ulimit -c 0; timeout 200 gdb -nx -q -iex 'set prompt' -iex 'set debuginfod enabled off' \
		-iex 'set confirm off' -iex 'set pagination off' -iex 'set width 0' -iex 'set sysroot /' \
		-iex 'set style enabled off' -iex 'set print null-stop on' <"$1" >"$2" 2>&1)
}
# What bad company left behind is killed by a gdb of its own: there may be several programs, and one
# that saw them go keeps their symbols.
if command -v gdb >/dev/null 2>&1 && ! is_gone "$server_pid"; then
	marker='echo \n@@ @NAME@\n'
	{
		echo "target extended-remote 127.0.0.1:$port"
		printf 'kill inferiors %d\n' 1 2 3 4 5 6 7 8
	} >"$dir/commands"
	play_gdb "$dir/commands" "$dir/gdb"
	steps commands $here/mutate.gdb | fill_in >"$dir/commands"
	play_gdb "$dir/commands" "$dir/gdb"
	steps check $here/mutate.gdb "$dir/gdb" || failures=$((failures + 1))
fi
[ $failures -eq 0 ]
