#!/bin/sh
# bad_line.sh [long] [SERVER] - gdb sessions that keep acknowledgements, over a line that flips, drops,
# doubles, delays and inserts bytes (badline.c), with many seeds at several rates. A session must be
# right, or be right up to an error that gdb reports: never silently wrong, never stuck.
set -u
cd "$(dirname "$0")/../.." || exit 1
rates='20000:5 5000:3' # bytes for each fault : seeds
[ "${1:-}" != long ] || { rates='20000:25 5000:25 2000:10 800:5' && shift; }
server=${1:-build/stubborn --unreliable}
client=gdb
who='bad line'
. tests/live/session_lib.sh
. tests/live/verdict.sh
marker='echo \n@@ @NAME@\n'
command -v gdb >/dev/null 2>&1 || { echo "skip $who (no gdb)"; exit 0; }

# play MEAN SEED OUT: with $patience seconds for an answer, one session through the line; 0 unless it hung.
play() {
	start "$dir/server" $server --once 127.0.0.1:0 build/session one || return 1
	server_port=$port
	start "$dir/line" build/tools/badline "$server_port" "$2" "$1" || return 1
	{
		cat <<-END
			set confirm off
			set pagination off
			set width 0
			set style enabled off
			set print null-stop on
			set print thread-events off
			set sysroot /
			set exec-file-mismatch off
			file build/session
			set remote noack-packet off
			set remotetimeout $patience
		END
		steps commands $here/bad_line.gdb
	} | fill_in >"$dir/commands"
	timeout -k 2 200 gdb -nx -q -iex 'set prompt' -iex 'set debuginfod enabled off' \
		<"$dir/commands" 2>&1 | sed 's/127\.0\.0\.1:[0-9]*/COMM/; s/process [0-9]*/process N/; /unable to open .proc file/d' >"$3"
	end=$?
	sed -n 's/^pid //p' "$dir/server" | while read -r p; do kill -KILL "$p" 2>/dev/null; done
	stop_all
	started=
	return $end
}
patience=60 # where nothing is lost, an answer that is late comes
play 1000000000000 1 "$dir/clean"
patience=1
if [ "$(grep -cE "$complaints" "$dir/clean")" -ne 0 ] || ! grep -q '^\[Inferior 1 .*killed\]' "$dir/clean"; then
	is_wrong clean-line "$(grep -E "$complaints" "$dir/clean"; tail -n 5 "$dir/clean")"
	exit 1
fi
is_ok clean-line
for rate in $rates; do
	mean=${rate%:*} seeds=${rate#*:}
	right=0 reported=0 bad=
	seed=0
	while [ $seed -lt $seeds ]; do
		seed=$((seed + 1))
		play $mean $seed "$dir/out"
		v=$(verdict "$dir/out")
		case $v in
		right) right=$((right + 1)) ;;
		reported) reported=$((reported + 1)) ;;
		*)
			bad="$bad $v:$seed"
			cp "$dir/out" "build/check/bad_line.$mean.$seed"
			diff "$dir/clean" "$dir/out" >"build/check/bad_line.$mean.$seed.diff"
			;;
		esac
	done
	said="one fault in $mean bytes: $right right, $reported with an error"
	if [ -z "$bad" ]; then
		is_ok "$said"
	else
		is_wrong "$said" "$bad; outputs in build/check/bad_line.$mean.*"
	fi
done
[ $failures -eq 0 ]
