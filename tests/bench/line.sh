#!/bin/sh
# line.sh [SESSIONS] - a whole gdb session with firmware on a board (QEMU's virt, tests/boards) over
# a line that spoils one byte in 10,000 and one in 1,000 (tests/live/badline.c), so many sessions
# each, seeds 1 and up; the same with lldb; then the bytes that a connection, a breakpoint and a
# stack of ten frames cost on a good line, beside QEMU's own stub with the same program in user mode.
#   LINE_RATES   other rates          LINE_CLIENTS   "gdb", "lldb" or both
#   LINE_GDB, LINE_LLDB   other debuggers than those installed: build/clients/bin/lldb-22
#   LINE_TIMEOUT gdb's remotetimeout on a bad line in seconds, 1 when not said; where the machine is
#                busy for longer, gdb asks again for what is on its way
# What went over the line in a session that was not right is kept in build/check/line.*.packets.
# What is checked: that no session of gdb is wrong without an error, and the bytes: two thirds of
# what QEMU's stub sends.
set -u
cd "$(dirname "$0")/../.." || exit 1
sessions=${1:-100}
rates=${LINE_RATES:-10000 1000}
server=board
client=gdb
who='bench-line'
. tests/live/session_lib.sh
. tests/live/verdict.sh
. tests/boards/boards.sh
prog=build/boards/line.elf
gdb=${LINE_GDB:-$(find_gdb)}
lldb=${LINE_LLDB:-$(find_lldb)}
command -v qemu-system-aarch64 >/dev/null 2>&1 || { echo "skip $who (no qemu-system-aarch64)"; exit 0; }
[ -n "$gdb" ] || { echo "skip $who (no gdb)"; exit 0; }
trap 'stop_board; stop_all; rm -rf "$dir"' EXIT

# ---- what is said ----

first_gdb() {
	cat <<-END
		set confirm off
		set pagination off
		set width 0
		set style enabled off
		file $prog
		set remote noack-packet off
		set remotetimeout $patience
		echo \n@@ connect\n
		target remote 127.0.0.1:$port
		break deepest
		echo \n@@ continue\n
		continue
		echo \n@@ bt\n
		bt
	END
}
gdb_commands() {
	first_gdb
	cat <<-END
		break walk
		break fill
		echo \n@@ three\n
		continue
		delete
		echo \n@@ steps\n
	END
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo step
	done
	cat <<-END
		echo \n@@ registers\n
		info registers
		echo \n@@ dump\n
		dump binary value $dir/dumped dump
		shell cksum <$dir/dumped
		echo \n@@ end\n
		detach
	END
}
first_lldb() {
	[ $patience -lt 60 ] || echo "settings set plugin.process.gdb-remote.packet-timeout $patience"
	cat <<-END
		script print("@@ connect")
		gdb-remote 127.0.0.1:$port
		breakpoint set -n deepest
		script print("@@ continue")
		continue
		script print("@@ bt")
		bt
	END
}
lldb_commands() {
	first_lldb
	cat <<-END
		breakpoint set -n walk
		breakpoint set -n fill
		script print("@@ three")
		continue
		breakpoint delete -f
		script print("@@ steps")
	END
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo 'thread step-in'
	done
	cat <<-END
		script print("@@ registers")
		register read
		script print("@@ dump")
		memory read --force -s8 -fx -c512 &dump
		script print("@@ end")
		detach
	END
}
# How long a client waits for a reply, and a session may take. Nothing is lost on a good line, where
# only a busy machine holds things up; on a bad one an lldb that waits for ever is to be ended.
good_line() {
	patience=60 limit=900
}
bad_line() {
	patience=${LINE_TIMEOUT:-1} limit=180
	[ $client = gdb ] || limit=60
}

# talk COMMANDS OUT: what that client says to these commands.
talk() {
	case $client in
	gdb)
		timeout -k 2 $limit $gdb -nx -q -iex 'set prompt' -iex 'set debuginfod enabled off' \
			<"$1" >"$dir/out" 2>&1
		;;
	lldb)
		timeout -k 2 $limit $lldb --no-lldbinit -b -o "target create $prog" -s "$1" >"$dir/out" 2>&1 </dev/null
		;;
	esac
	sed '/packet-timeout/d; s/127\.0\.0\.1:[0-9]*/COMM/; s/[Pp]rocess [0-9]*/process N/' "$dir/out" >"$2"
}

# ---- over a bad line ----

# play RATE SEED OUT: one session through the line.
play() {
	rm -f "$dir/dumped" "$dir/uart"
	$(board_command aarch64-virt $prog | sed "s|{sock}|$dir/uart|") >"$dir/board" 2>&1 &
	board_pid=$!
	until_true 10 test -S "$dir/uart" || return 1
	start "$dir/line" build/tools/badline "$dir/uart" "$2" "$1" "$dir/packets" || return 1
	${client}_commands >"$dir/commands"
	talk "$dir/commands" "$3"
	stop_board
	stop_all
	started=
}
# An lldb takes a reply that it knows to be spoiled: what was wrong may stand before the complaint.
is_told() {
	[ $client = lldb ] && [ "$(grep -acE "$complaints|unavailable" "$1")" -gt "$(grep -acE "$complaints|unavailable" "$dir/clean")" ]
}
tell_late() {
	[ $client = gdb ] || echo ", $late told of it behind something wrong"
}
over_a_bad_line() {
	good_line
	play 1000000000000 1 "$dir/clean"
	grep -q '@@ end' "$dir/clean" || {
		cp "$dir/clean" "build/check/line.$client.good.out"
		mv "$dir/packets" "build/check/line.$client.good.packets"
		is_wrong "$client on a good line" "$(tail -5 "$dir/clean"); build/check/line.$client.good.*"
		return
	}
	bad_line
	for rate in $rates; do
		right=0 reported=0 late=0 bad=
		seed=0
		while [ $seed -lt "$1" ]; do
			seed=$((seed + 1))
			play $rate $seed "$dir/this"
			v=$(verdict "$dir/this")
			[ $v = silent ] && is_told "$dir/this" && v=late
			case $v in
			right) right=$((right + 1)) ;;
			*)
				case $v in
				reported) reported=$((reported + 1)) ;;
				late) late=$((late + 1)) ;;
				*) bad="$bad $v:$seed" ;;
				esac
				diff "$dir/clean" "$dir/this" >"build/check/line.$client.$rate.$seed.$v"
				mv "$dir/packets" "build/check/line.$client.$rate.$seed.packets"
				;;
			esac
		done
		echo "$client, one byte in $rate spoiled: $right of $1 right, $reported with an error$(tell_late)${bad:+, NEITHER:$bad}"
		if [ -z "$bad" ]; then
			is_ok "$client: at one byte in $rate nothing is wrong without an error"
		elif [ $client = gdb ]; then
			is_wrong "$client: at one byte in $rate" "$bad; build/check/line.$client.$rate.*"
		fi
	done
}

# ---- bytes on a good line ----

# cost: connects, breaks, asks for the stack; prints the bytes to and from the client. The server
# is at $where.
cost() {
	start "$dir/line" build/tools/badline "$where" 1 1000000000000 "$dir/packets" || return 1
	first_${client} >"$dir/commands"
	talk "$dir/commands" "$dir/this"
	until_true 60 grep -q '^bytes' "$dir/line"
	frames=$(grep -c '#[0-9].*\(deepest\|descend\|main\)' "$dir/this")
	[ "$frames" -ge 10 ] || {
		cp "$dir/this" "build/check/line.$client.cost.out"
		mv "$dir/packets" "build/check/line.$client.cost.packets"
		echo 0 0
		return
	}
	sed -n 's/^bytes: \([0-9]*\) to the server, \([0-9]*\).*/\1 \2/p' "$dir/line"
}
# tell_cost NAME TO FROM: at 115,200 baud a byte takes ten bits' time.
tell_cost() {
	[ "$3" -gt 0 ] || { echo "$client, $1: no stack of ten frames came"; return; }
	echo "$2 $3" | awk -v who="$client, $1" '{ printf "%-34s %6d bytes from the server, %5d to it: %.2f s at 115,200 baud\n", who, $2, $1, ($1 + $2) * 10 / 115200 }'
}
bytes_on_a_good_line() {
	good_line
	rm -f "$dir/uart"
	$(board_command aarch64-virt $prog | sed "s|{sock}|$dir/uart|") >"$dir/board" 2>&1 &
	board_pid=$!
	until_true 10 test -S "$dir/uart" || return
	where=$dir/uart
	ours=$(cost)
	tell_cost 'this board' $ours
	stop_board
	stop_all
	started=
	command -v qemu-x86_64 >/dev/null 2>&1 || { echo "skip $who: QEMU's user mode (no qemu-x86_64)"; return; }
	prog=build/tools/line_prog
	qemu-x86_64 -g "$dir/uart.user" $prog >"$dir/board" 2>&1 &
	board_pid=$!
	until_true 10 test -S "$dir/uart.user" || return
	where=$dir/uart.user
	theirs=$(cost)
	tell_cost "QEMU's stub, user mode, x86-64" $theirs
	said="$client: ${ours#* } bytes from the board, ${theirs#* } from QEMU's stub"
	if [ "${ours#* }" -gt 0 ] && [ $((3 * ${ours#* })) -le $((2 * ${theirs#* })) ]; then
		is_ok "$said"
	else
		is_wrong "$said" 'more than two thirds'
	fi
	stop_board
	stop_all
	prog=build/boards/line.elf
	started=
}

rm -f build/check/line.*
for client in ${LINE_CLIENTS:-gdb lldb}; do
	[ $client = gdb ] || [ -n "$lldb" ] || continue
	bytes_on_a_good_line
done
[ "$sessions" -gt 0 ] || exit 0
for client in ${LINE_CLIENTS:-gdb lldb}; do
	n=$sessions ends_at_error=
	[ $client = gdb ] || { n=$((sessions / 5 + 1)) ends_at_error=1; }
	[ $client = gdb ] || [ -n "$lldb" ] || { echo "skip $who: lldb (none here)"; continue; }
	over_a_bad_line $n
done
[ $failures -eq 0 ]
