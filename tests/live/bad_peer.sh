#!/bin/sh
# bad_peer.sh [SERVER [long]] - `stubborn bt HOST:PORT` against servers that lie, and with long also
# against those that stall: it ends by itself, says something, and no sanitizer speaks. Prints ok,
# not ok or skip lines.
set -u
server=${1:-build/stubborn}
kinds='good signed short long odd letters threads errors unrelated repeats closes edge eager'
[ $# -lt 2 ] || kinds="$kinds crowd objects rubbish sums endless slow silent trickle notes"
tmp=$(mktemp -d)
bad=0
peer=
trap '[ -z "$peer" ] || kill $peer 2>/dev/null; rm -rf "$tmp"' EXIT
command -v python3 >/dev/null 2>&1 || { echo 'skip bad peer (no python3 here)'; exit 0; }

# What the user is told of some of them.
words() { # KIND
	case $1 in
	silent) echo 'the server is silent' ;;
	notes | trickle | rubbish) echo 'no whole answer came in time' ;;
	closes) echo 'the server closed the connection' ;;
	signed | edge | eager) echo '^#2 *0x0*400300' ;;
	*) echo . ;;
	esac
}
for kind in $kinds; do
	: >"$tmp/port"
	python3 tests/live/bad_peer.py $kind >"$tmp/port" &
	peer=$!
	for i in $(seq 600); do
		[ -s "$tmp/port" ] && break
		sleep 0.1
	done
	timeout -k 1 60 "$server" bt "127.0.0.1:$(cat "$tmp/port")" >"$tmp/out" 2>&1 </dev/null
	status=$?
	kill $peer 2>/dev/null
	wait $peer 2>/dev/null
	peer=
	if [ $kind = signed -o $kind = edge ] && [ "$(grep -c '^#[012] *0x0*400[123]00' "$tmp/out")" != 3 ]; then
		echo "not ok bad peer: signed return addresses ($(cat "$tmp/out"))"
		bad=1
	elif ! grep -q "$(words $kind)" "$tmp/out"; then
		echo "not ok bad peer: $kind does not say why ($(tail -2 "$tmp/out"))"
		bad=1
	elif [ $status -gt 2 ] || [ ! -s "$tmp/out" ] || grep -q -E 'Sanitizer|runtime error' "$tmp/out"; then
		echo "not ok bad peer: $kind (exit status $status: $(head -c 200 "$tmp/out"))"
		bad=1
	else
		echo "ok bad peer: $kind ends ($(tail -1 "$tmp/out" | head -c 60))"
	fi
done
exit $bad
