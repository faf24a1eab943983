#!/bin/sh
# platform.sh [SERVER [CLIENT]] - the real lldb on `SERVER platform`: connect, files, a shell, and a
# program debugged by a server that the platform started. Prints ok and not ok lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
client=${2:-$(command -v lldb-19 || command -v lldb)}
status=0
if [ -z "$client" ]; then
	echo "skip platform (no lldb)"
	exit 0
fi
dir=$(mktemp -d)
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null; rm -rf "$dir"' EXIT
${CC:-cc} -g -O0 -o "$dir/prog" tests/editors/prog.c || exit 1
mkdir "$dir/there"
"$server" platform --server --listen 127.0.0.1:0 --socket-file "$dir/port" 2>"$dir/server" &
server_pid=$!
for i in $(seq 600); do [ ! -f "$dir/port" ] || break; sleep 0.1; done
port=$(cat "$dir/port")

# play OUT FOLDER: files go to the platform and come back, a program is launched and stops.
play() {
	timeout 200 "$client" -x -b -o 'settings set use-color false' \
		-o 'platform select remote-linux' \
		-o "platform connect connect://127.0.0.1:$port" -o "platform settings -w $dir/$2" \
		-o 'platform shell echo it; echo works' -o "platform mkdir $dir/$2/made" \
		-o "platform put-file $dir/prog $dir/$2/sent" \
		-o "platform get-size $dir/$2/sent" \
		-o "platform get-file $dir/$2/sent $dir/$2/back" \
		-o "platform process list -p $$" -o "target create $dir/prog" \
		-o 'breakpoint set -n add' -o 'run' -o 'bt' -o 'register read eax' -o 'continue' \
		-o 'kill' -o 'platform disconnect' >"$1" 2>&1
}
claim() {
	if [ "$2" = 0 ]; then
		echo "ok platform: $1"
	else
		echo "not ok platform: $1"
		status=1
	fi
}
says() {
	grep -q "$2" "$dir/out"
	claim "$1" $?
}

play "$dir/out" there
says 'connects' '^ Connected: yes'
says 'shell' '^works'
[ -d "$dir/there/made" ]
claim 'mkdir' $?
says 'get-size' "(remote): $(wc -c <"$dir/prog")\$"
cmp -s "$dir/prog" "$dir/there/back"
claim 'a file sent and brought back' $?
[ -x "$dir/there/sent" ]
claim 'its rights' $?
says 'process list' "^$$ .*sh\$"
says 'launch to a breakpoint' 'stop reason = breakpoint'
says 'bt' 'frame #1: .*main'
says 'part of a register' '^ *eax = 0x'
says 'disconnect' '^Disconnected'

# Two clients at once.
mkdir "$dir/other"
play "$dir/one" other &
one=$!
play "$dir/out" there
wait "$one"
grep -q 'stop reason = breakpoint' "$dir/one" && grep -q 'stop reason = breakpoint' "$dir/out"
claim 'two clients at once' $?
[ $status = 0 ] || sed 's/^/  /' "$dir/out"
exit $status
