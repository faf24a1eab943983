#!/bin/sh
# check_boards.sh [BOARD...] - the stub inside firmware on QEMU's boards, with the real gdb and lldb
# at the other end of the UART. Prints ok, not ok or skip lines; logs stay in build/boards/.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/boards/boards.sh
. tests/clients/wrappers.sh
out=$PWD/build/boards
sock=$out/uart.sock
bad=0
board_pid=
new= # of logs and names, when it is the newer debuggers' turn
trap stop_board EXIT
gdb=$(find_gdb)
lldb=$(find_lldb)

# has NAME LOG PATTERN...: the log has a line for each extended regular expression, in that order.
has() {
	what=$1 log=$2
	shift 2
	from=1
	for pattern in "$@"; do
		at=$(tail -n +$from "$log" | grep -n -E -e "$pattern" | head -1 | cut -d: -f1)
		[ -n "$at" ] || {
			echo "not ok boards: $what${new:+, by $new} (no line like '$pattern' behind line $from of ${log#"$PWD"/})"
			bad=1
			return
		}
		from=$((from + at - 1))
	done
	echo "ok boards: $what${new:+, by $new}"
}

# in_gdb BOARD TOPIC: runs tests/boards/TOPIC.gdb on a board that was just started.
in_gdb() {
	log=$out/$1-$2$new.log
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	with_lines -ex tests/boards/$2.gdb timeout 600 "$gdb" -nx -q -batch -ex 'set pagination off' \
		-ex 'set width 0' -ex 'set style enabled off' -ex 'set confirm off' -ex 'set remotetimeout 20' \
		-x tests/boards/words.gdb -x tests/boards/$(board_machine $1)/words.gdb -ex "target remote $sock" "$(board_elf "$1")" >>"$log" 2>&1 </dev/null
	stop_board
}
in_lldb() {
	log=$out/$1-$2-lldb$new.log
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	timeout 600 "$lldb" -x -b -O 'settings set use-color false' \
		-O 'settings set interpreter.stop-command-source-on-error false' \
		-o "process connect --plugin gdb-remote unix-connect://$sock" \
		-s tests/boards/$(board_machine $1)/words.lldb -s tests/boards/$2.lldb "$(board_elf "$1")" \
		>>"$log" 2>&1 </dev/null
	stop_board
}

gdb_session() {
	in_gdb "$1" session || return
	has "$1: gdb sees tasks as threads" "$log" \
		'Thread 1.1 "baker"' 'Thread 1.2 "counter"' 'Thread 1.3 "troubled"' 'Thread 1.4 "idle"'
	has "$1: gdb's breakpoint, condition and stack" "$log" \
		'hit Breakpoint 1, fold .*layers=(layers@entry=)?2\)' '^#1 .*fold' '^#[78] .*bake'
	has "$1: gdb steps by line and by instruction, and finishes" "$log" \
		'stepped by line' '^#0  fold' 'stepped by instruction' '^#0 .*fold' 'Value returned is'
	has "$1: a watchpoint tells who wrote" "$log" 'hit Hardware watchpoint .*: counter' '^Old value = ' '^New value = '
	has "$1: an access watchpoint" "$log" 'hit Hardware access \(read/write\) watchpoint .*: pair\[1\]'
	has "$1: the CPU's slots leave the firmware's masks as they were" "$log" \
		'hit Hardware watchpoint .*: counter' "^masks $2" 'hit Breakpoint [0-9]*, rom_double' "^masks $2"
	has "$1: a breakpoint in read-only memory is the CPU's" "$log" \
		'Note: automatically using hardware breakpoints for read-only addresses' 'hit Breakpoint [0-9]*, rom_double'
	has "$1: the firmware's monitor commands" "$log" \
		'uptime - ticks since the start' '^[0-9]+ ticks' 'loaves baked: [0-9]+, asked by me too'
	has "$1: the board walks its stack as gdb does" "$log" '^(9|10) frames, the same for both' \
		'hit Hardware watchpoint .*: counter' '^[23] frames, the same for both' '^1 frames, the same for both'
	has "$1: a function called by gdb; the stub's stack has room" "$log" '^never used of the stack: [0-9]{3,}$' 'called: 7$'
	has "$1: detached" "$log" "called: 7$" "^the stub's stack was too small" 'Inferior 1 .* detached'
}

gdb_trouble() {
	in_gdb "$1" trouble || return
	has "$1: faults stop the firmware where they are, and it goes on from there" "$log" \
		'an address that nothing is at' 'received signal SIGSEGV' 'in get_into' \
		'a write to read-only memory' 'received signal SIGSEGV' 'in get_into|^get_into' \
		'no instruction' 'received signal SIGILL' '^undefined_instruction \(\)' \
		'a jump to nowhere' 'received signal SIGSEGV' '^0x0000123456789000 in ' '^#1 .* in get_into' '^#2 .* in troubled'
	has "$1: a wild stack pointer is survived" "$log" \
		'a wild stack pointer' 'received signal SIGSEGV' '^wild_stack \(\)' 'a breakpoint of its own'
	has "$1: a breakpoint of the firmware's own stops once" "$log" \
		'a breakpoint of its own' 'received signal SIGTRAP' '^own_breakpoint \(\)' '^#1 .* in get_into' 'an instruction that waits'
	has "$1: a step over an instruction that waits ends, interrupts as before" "$log" \
		'hit Breakpoint 2, waits' "^masks $2" "^masks $2" '^waited: 42'
	has "$1: a step over a call of the supervisor ends behind it" "$log" \
		'hit Temporary breakpoint 3, call_supervisor' '^1 call of the supervisor' "^masks $2"
	has "$1: what cannot be read or written is blamed exactly" "$log" '^memory$' \
		'^0x123456789000:.Cannot access memory at address 0x123456789000' \
		'^0x8000000000000000:.Cannot access memory at address 0x8000000000000000' \
		'^Cannot access memory at address 0x123456789000' '^Cannot access memory at address 0x' '= 7$'
	has "$1: a monitor command that faults ends alone" "$log" 'Protocol error with Rcmd' '^loaves baked: .*, asked by still'
	has "$1: an absurd PC" "$log" '^an absurd PC' 'received signal' '^0x8000000000000001 in' "^masks $2"
	has "$1: an unaligned PC" "$log" 'received signal SIGBUS|^any PC is aligned here' "^a callback of the firmware's"
	has "$1: a fault in a callback at a stop does no harm" "$log" "^a callback of the firmware's" ' = false$'
	has "$1: no step ends in an interrupt that is due" "$log" '^steps while' 'hit Temporary breakpoint .*spin' \
		'^60 steps in spin$' 'hit Temporary breakpoint .*out_of_trouble'
	has "$1: a stop and steps in an interrupt's handler" "$log" "^an interrupt's handler" \
		'hit Temporary breakpoint [0-9]*, kernel_tick' '^#1 .* in machine_' \
		'^#0 0x' '^#[23] 0x[0-9a-f]+$' '^#[34] 0x[0-9a-f]+ interrupted' '^#[0-9]+ 0x' '^machine_|^0x.* in machine_' 'out of the handler' \
		'^#[0-9].* (baker|count|troubled|idle) \(\)' 'hit Breakpoint [0-9]*, .*bake'
}

gdb_interrupt() {
	in_gdb "$1" interrupt || return
	has "$1: Ctrl-C stops the firmware where it is, again and again" "$log" \
		'received signal SIGINT' 'from the idle task' '^#0 ' 'received signal SIGINT' '^1 ticks passed' \
		'received signal SIGINT' '^from a loop' '^#0 .*spin' '^#1 .* in get_into' ' = 1$' \
		'received signal SIGINT' '^out of the loop' ' = false$' ' = 0$' 'detached'
}

lldb_session() {
	in_lldb "$1" session || return
	has "$1: lldb sees tasks as threads" "$log" "thread #1: .*name = 'baker'" "thread #2: .*name = 'counter'" \
		"thread #3: .*name = 'troubled'" "thread #4: .*name = 'idle'"
	has "$1: lldb's breakpoint, condition and stack" "$log" 'stop reason = breakpoint 1.1' 'frame #0: .*fold\(.*layers=2' \
		'frame #1: .*fold' 'frame #[78]: .*baker'
	has "$1: lldb steps in, by instruction, and out" "$log" 'stop reason = step in' \
		'stop reason = instruction step into' 'stop reason = step out'
	has "$1: lldb's watchpoint" "$log" 'stop reason = watchpoint 1' 'new value: 2' 'stop reason = watchpoint 1'
	has "$1: lldb breaks in read-only memory, and is told the map" "$log" \
		'stop reason = breakpoint 2.1' 'r-x rom' '07 00 00 00 00 00 00 00' 'memory read failed for 0x123456789000'
	has "$1: lldb writes variables and registers" "$log" ' = 1000$' ' = 1000$' "$2 = 0x0000000000000005"
	has "$1: lldb detaches" "$log" 'Process 1 detached'
}

lldb_trouble() {
	in_lldb "$1" trouble || return
	has "$1: faults stop the firmware in lldb too, and it goes on from there" "$log" \
		'stop reason = signal SIGSEGV' 'frame #0: .*get_into' 'stop reason = signal SIGSEGV' 'stop reason = signal SIGILL' \
		'stop reason = signal SIGSEGV' 'frame #0: 0x0000123456789000' 'frame #1: .*get_into' \
		'stop reason = breakpoint' 'stop reason = instruction step into' 'stop reason = instruction step into' "$2 = 0x000000000000002a"
	has "$1: lldb is told what memory is not there" "$log" 'memory write .*constant' '^error: ' '07 00 00 00 00 00 00 00' \
		'memory write .*0x123456789000' '^error: ' 'memory read --force' '^warning: Not all bytes \(16/64\)' \
		'0x8000000000000000' '^error: memory read failed' 'detached'
}

lldb_flash() {
	in_lldb "$1" flash || return
	has "$1: lldb's load programs flash; a breakpoint and a step there" "$log" 'r-x flash' \
		'0x0000000000000001 0x00000000000003e8' 'stop reason = breakpoint 1.1' 'frame #0: .*app_entry' 'frame #1: .*get_into' \
		'stop reason = instruction step into' 'stop reason = breakpoint 2.1' ' = 1091$' 'detached'
}

# say COMMAND PATTERN: gives lldb the command, and waits until its log has another line like PATTERN.
say() {
	before=$(grep -c -E -e "$2" "$log")
	echo "$1" >&3
	i=0
	while [ "$(grep -c -E -e "$2" "$log")" -le "$before" ]; do
		i=$((i + 1))
		[ $i -lt 3000 ] || { echo "(no '$2' after '$1')" >>"$log"; return 1; }
		sleep 0.1
	done
}

# What Ctrl-C does in lldb, while the firmware runs: each is sent when the one before was answered.
lldb_interrupt() {
	log=$out/$1-interrupt-lldb$new.log
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	rm -f "$out/words" && mkfifo "$out/words"
	timeout 600 "$lldb" -x -O 'settings set use-color false' "$(board_elf "$1")" <"$out/words" >>"$log" 2>&1 &
	client=$!
	exec 3>"$out/words"
	say "process connect --plugin gdb-remote unix-connect://$sock" 'stop reason = ' &&
		say continue 'Process 1 resuming' && say 'process interrupt' 'Process 1 stopped' &&
		say 'thread list' "name = 'idle'" &&
		say 'thread backtrace' 'frame #0' &&
		say 'breakpoint set -n spin' 'where = .*spin' && say 'expression trouble = 8' ' = 8$' &&
		say continue 'stop reason = breakpoint 1.1' && say 'breakpoint delete --force' 'breakpoints removed' &&
		say continue 'Process 1 resuming' && say 'process interrupt' 'Process 1 stopped' &&
		say 'thread backtrace' 'frame #1: .*get_into' && say 'expression busy = false' ' = false' &&
		say continue 'Process 1 resuming' && say 'process interrupt' 'Process 1 stopped' &&
		say 'expression busy' ' = false' && say detach 'Process 1 detached'
	echo quit >&3
	exec 3>&-
	wait "$client"
	stop_board
	has "$1: lldb interrupts the firmware where it is, again and again" "$log" 'stop reason = signal SIGINT' \
		"name = 'idle'" 'stop reason = signal SIGINT' 'frame #0: .*spin' 'frame #1: .*get_into' \
		'stop reason = signal SIGINT' ' = false' 'Process 1 detached'
}

# A debugger that is killed leaves its breakpoints; the next one is served, and finds the code clean.
replug() {
	log=$out/$1-replug.log
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	one=$out/$1-replug-one.log
	for turn in 1 2 3 4; do
		for seen in . '^Breakpoint 1 at' '^Breakpoint 2 at' 'atchpoint 3: counter' 'Breakpoint [12], '; do
			: >"$one"
			"$gdb" -nx -q -batch -ex 'set remotetimeout 20' -ex "target remote $sock" -ex 'break fold' \
				-ex 'break kernel_tick' -ex 'watch counter' -ex 'continue 3' -ex 'stepi 20' -ex 'delete' \
				-ex 'continue' "$(board_elf "$1")" >>"$one" 2>&1 </dev/null &
			client=$!
			until grep -q "$seen" "$one" || ! kill -0 $client 2>/dev/null; do sleep 0.05; done
			kill -KILL $client && printf '\nkilled at %s\n' "$seen" >>"$one"
			wait $client
			cat "$one" >>"$log"
		done 2>>"$log"
	done
	echo "the last one" >>"$log"
	with_lines -ex tests/boards/replug.gdb timeout 600 "$gdb" -nx -q -batch -ex 'set remotetimeout 20' \
		-ex "target remote $sock" "$(board_elf "$1")" >>"$log" 2>&1 </dev/null
	stop_board
	[ "$(grep -c '^killed at' "$log")" = 20 ] || { echo "not ok boards: $1: 20 debuggers killed in the middle"; bad=1; }
	has "$1: 20 debuggers killed in the middle, the next is served and the code is clean" "$log" 'the last one' \
		'Section .text, range .*: matched' 'Section .rom, range .*: matched' \
		'hit Temporary breakpoint 1, bake' 'hit Temporary breakpoint 2, rom_double' 'detached'
}

gdb_reset() {
	in_gdb "$1" reset || return
	has "$1: the firmware prints through the debugger" "$log" '^hello from the firmware' 'more than one packet: done'
	has "$1: monitor reset restarts the board under the same debugger" "$log" '^baked before: 1' 'the board restarts' \
		'^baked after: 0' 'hit Temporary breakpoint 1, bake' 'detached'
}

# The firmware writes, reads and renames a file beside gdb, and prints through it.
gdb_files() {
	rm -f "$out"/board-file*
	in_gdb "$1" files || return
	for run in first second; do
		case $run in
		first) from='^Temporary breakpoint 1 at' system='0$' command='failed with 1$' ;;
		second) from='and with leave' system='1$' command='3$' ;;
		esac
		has "$1: files of the debugger's machine, $run time" "$log" "$from" '^opened: 1$' '^written: 3000$' \
			'^is a console: 0$' '^size: 3000$' '^closed: 0$' '^renamed: 0$' '^the old name: failed with 2$' \
			'^from the end: 2000$' '^back: 0$' '^read: 3000$' '^at its end: 0$' '^the same: 3000$' \
			'^closed: 0$' '^closed twice: failed with 9$' '^unlinked: 0$' '^years: [5-9][0-9]$' \
			"^commands may run: $system" "^a command: $command" 'hit Temporary breakpoint .*out_of_trouble'
	done
	[ ! -e "$out/board-file" ] || { echo "not ok boards: $1: the file is still there"; bad=1; }
}

# gdb's load programs the flash, twice; breakpoints there are the CPU's.
gdb_flash() {
	in_gdb "$1" flash || return
	has "$1: gdb's load programs flash, and once more over what is there" "$log" \
		'^Loading section .text, size .* lma' '^Loading section .second' '^Transfer rate' \
		'Section .text, range .*: matched' 'Section .rodata, range .*: matched' 'Section .second, range .*: matched' \
		'^loaded again' '^Transfer rate' \
		'Section .text, range .*: matched' 'Section .rodata, range .*: matched' 'Section .second, range .*: matched' \
		'^Writing to flash memory forbidden' '^0x[0-9a-f]*ffe:.0xff.0xff'
	has "$1: hardware breakpoints in flash, a call from the firmware, a finish there" "$log" \
		'automatically using hardware breakpoints for read-only' 'hit Breakpoint 1, app_entry \(value=(value@entry=)?14\)' \
		'^#1 .* get_into' 'hit Temporary breakpoint 2, weigh' 'Value returned is .* = 91' \
		'hit Temporary breakpoint 3, out_of_trouble' ' = 1091$' 'detached'
}

# The other core stands while the stub serves, is seen as a thread, and goes on with the first.
gdb_second() {
	in_gdb "$1" second || return
	has "$1: the second core is parked and seen as a thread" "$log" 'hit Breakpoint 1, bake' 'Thread 1.5 "second core"' \
		'^#[0-3] .*second_main' '^#[0-3] 0x[0-9a-f]+$' \
		'^there is no such task' 'Protocol error with Rcmd' ' = 1$' 'hit Breakpoint 1, bake' ' = 1$' 'hit Temporary breakpoint' 'detached'
}

# Code of lldb's own in the board's scratch memory; nothing of it is left to the next client.
lldb_calls() {
	in_lldb "$1" calls || return
	has "$1: lldb calls functions" "$log" 'stop reason = breakpoint 1.1' 'layers=8' ' = 42$' ' = 8$' ' = 46$' \
		'"hello board"' "= 'e'" ' = 90$'
	has "$1: a breakpoint in a function that lldb calls" "$log" 'reason: breakpoint 2.1|hit a breakpoint: breakpoint 2.1' \
		'frame #0: .*rom_double\(v=5\)' 'frame #1: .*lldb_expr' 'stop reason = instruction step into' \
		'frame #0: .*fold\(.*layers=8' 'All breakpoints removed' ' = 12$' '^error: ' \
		'frame #0: .*fold\(.*layers=8' 'Process 1 detached'
}

lldb_second() {
	in_lldb "$1" second || return
	has "$1: lldb sees the second core as a thread, and that it ran" "$log" 'stop reason = breakpoint 1.1' \
		"thread #5: .*name = 'second core'" 'frame #[0-2]: .*second_main' 'stop reason = breakpoint 1.1' ' = true$' \
		'stop reason = instruction step into' 'Process 1 detached'
}

# A board that stands stays where it is, whatever noise comes and wherever a client's resume is cut
# off by the end of its line: each new client finds the same PC and no tick passed.
stands() {
	log=$out/$1-stands.log
	command -v python3 >/dev/null 2>&1 || { echo "skip boards: $1: standing still (no python3 here)"; return; }
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	timeout 600 python3 tests/boards/stands.py "$sock" "$(board_elf "$1")" >>"$log" 2>&1
	stop_board
	has "$1: noise, and resumes cut off anywhere, never let it go" "$log" '^stood through 16 clients' '^let go by the last'
}

# A line that floods while the firmware runs: the next debugger is served, and finds the code clean.
flood() {
	log=$out/$1-flood.log
	command -v python3 >/dev/null 2>&1 || { echo "skip boards: $1: a flood (no python3 here)"; return; }
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	"$gdb" -nx -q -batch -ex "target remote $sock" -ex detach "$(board_elf "$1")" >>"$log" 2>&1 </dev/null
	python3 - "$sock" >>"$log" 2>&1 <<'P'
import random, socket, sys
random.seed(7)
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[1])
for i in range(300):
    noise = bytes(random.choice(b"$$#+-}*:;,m0123456789abcdefvCcs\x03\xff\x00") for _ in range(100))
    line.settimeout(5)
    line.sendall(noise)
    line.settimeout(0.001)
    try:
        line.recv(65536)
    except TimeoutError:
        pass
P
	echo "after the flood" >>"$log"
	with_lines -ex tests/boards/replug.gdb timeout 600 "$gdb" -nx -q -batch -ex 'set remotetimeout 20' \
		-ex "target remote $sock" "$(board_elf "$1")" >>"$log" 2>&1 </dev/null
	stop_board
	has "$1: a flood of noise, then a debugger is served" "$log" 'after the flood' \
		'Section .text, range .*: matched' 'hit Temporary breakpoint 1, bake' 'hit Temporary breakpoint 2, rom_double' 'detached'
}

# Whole frames too, with arguments that no debugger has. For longer: fuzz.py with another number and no seed.
fuzz() {
	log=$out/$1-fuzz.log
	command -v python3 >/dev/null 2>&1 || { echo "skip boards: $1: hostile frames (no python3 here)"; return; }
	start_board "$1" "$sock" >"$log" || { echo "not ok boards: $1 starts"; bad=1; return 1; }
	timeout 600 python3 tests/boards/fuzz.py "$sock" "$(board_elf "$1")" "$gdb" 12 2026 >>"$log" 2>&1
	stop_board
	has "$1: hostile frames and noise, each batch followed by right answers, the last by gdb's stack" "$log" '^seed 2026$' \
		'^answered as ever behind 12 batches; never used of the stack: [0-9]{3,}$'
}

# Buffers of 256 bytes: whole sessions, start-up and all, by short frames.
gdb_tight() {
	in_gdb "$1" tight || return
	has "$1: gdb starts up and works with buffers of 256 bytes" "$log" 'hit Breakpoint 1, fold .*layers=(layers@entry=)?2\)' \
		'^#1 .*fold' '^#[78] .*bake' 'Thread 1.1 "baker"' 'Thread 1.4 "idle"' "^$2 +0x" 'stepped by line' \
		'stepped by instruction' '^#0 .*fold' 'Value returned is' 'hit Hardware watchpoint .*: counter' '^New value = ' \
		'hit Breakpoint [0-9]*, rom_double' 'called: 7$' '^#[12] .*baker' "^$3\$" '^[0-9]+ ticks' \
		'Section .text, range .*: matched' 'detached'
}
lldb_tight() {
	in_lldb "$1" session || return
	has "$1: lldb starts up and works with buffers of 256 bytes" "$log" 'stop reason = breakpoint 1.1' \
		'frame #0: .*fold\(.*layers=2' 'frame #[78]: .*baker' "thread #1: .*name = 'baker'" 'stop reason = step in' \
		'stop reason = instruction step into' 'stop reason = step out' 'stop reason = watchpoint 1' 'stop reason = breakpoint 2.1' \
		'r-x rom' '07 00 00 00 00 00 00 00' ' = 1000$' "$2 = 0x0000000000000005" 'Process 1 detached'
}

# The smallest list of packets: no threads, no watchpoints, no words, but all that a session is made of.
gdb_plain() {
	in_gdb "$1" plain || return
	has "$1: gdb works with the packets of $3" "$log" '^Breakpoint 1, fold .*layers=(layers@entry=)?2\)' \
		'^#1 .*fold' '^#[78] .*bake' "^$2 +0x" 'stepped by line' 'stepped by instruction' '^#0 .*fold' \
		'Value returned is' ' = 1000$' 'called: 7$' '^0x.*constant.*0x07.0x00' 'Cannot access memory at address 0x123456789000' \
		'received signal SIGINT' 'from a loop' '^#0 .*spin' '^#1 .* in get_into' '^Breakpoint [0-9]*, bake' \
		'Section .text, range .*: matched'
}
# Without memory to lend it calls nothing, and evaluates as before.
lldb_lends_nothing() {
	in_lldb "$1" calls || return
	has "$1: lldb is lent nothing, and evaluates what takes no code" "$log" 'stop reason = breakpoint 1.1' 'layers=8' \
		'^error: .*Interpreter' ' = 46$' '^error: .*Interpreter' 'Process 1 detached'
}
lldb_plain() {
	in_lldb "$1" plain || return
	has "$1: lldb works with the packets of the smallest stub" "$log" 'stop reason = breakpoint 1.1|layers=2' \
		'frame #[78]: .*baker' '(pc|rip) = 0x' '07 00 00 00 00 00 00 00' 'memory read failed for 0x123456789000' ' = 1000$' \
		"$2 = 0x0000000000000005" 'bake'
}

# PORTING.md's example: nothing but a line and a call, Ctrl-C seen by stub_board_poll().
smallest() {
	in_gdb smallest smallest || return
	has "smallest: breakpoint, watchpoint, Ctrl-C and memory" "$log" '^Breakpoint 1, main' '= 1$' '^Breakpoint 1, main' \
		'= 2$' '^Hardware watchpoint' '^New value = 3' 'received signal SIGINT' '= 1$' '^0x40000000:' 'detached'
}

# A port outside this tree, by its own Makefile.
raspi3b() {
	qemu-system-aarch64 -M help | grep -q '^raspi3b ' || { echo "skip boards: raspi3b (this QEMU has none)"; return; }
	env -u MAKEFLAGS -u MAKELEVEL make -s -C tests/boards/raspi3b OUT="$out/raspi3b" >"$out/raspi3b.log" 2>&1 &&
		cp "$out/raspi3b/raspi3b.elf" "$out/raspi3b.elf" ||
		{ echo "not ok boards: raspi3b: its Makefile builds it (${out#"$PWD"/}/raspi3b.log)"; bad=1; return; }
	if [ -n "$gdb" ] && in_gdb raspi3b raspi3b; then
		has "raspi3b: gdb breaks, calls, watches, interrupts" "$log" 'Breakpoint 1, lap' '^#1 .* in main' '= 0$' \
			'Breakpoint 1, lap' '= 1$' '= 42$' '^Hardware watchpoint' '^New value = 2' 'received signal SIGINT' '= 1$' \
			'^#0 0x' '0x0*3b400000 rw' '^0x80000' 'detached'
	fi
	if [ -n "$lldb" ] && in_lldb raspi3b raspi3b; then
		has "raspi3b: lldb breaks, calls and steps" "$log" 'stop reason = breakpoint 1.1' 'frame #0: .*lap' \
			'frame #1: .*main' ' = 42$' 'stop reason = instruction step into' 'Process 1 detached'
	fi
}

# with_gdb, with_lldb NAME: the sessions that any version must get right.
with_gdb() {
	case $1 in aarch64*) gdb_session "$1" 340 ;; *) gdb_session "$1" 200 ;; esac
	gdb_files "$1"
	gdb_flash "$1"
	gdb_second "$1"
	case $1 in aarch64*) gdb_trouble "$1" 340 ;; *) gdb_trouble "$1" 200 ;; esac
}
with_lldb() {
	case $1 in aarch64*) set -- "$1" x1 x0 ;; *) set -- "$1" rsi rax ;; esac
	lldb_session "$1" "$2"
	lldb_calls "$(board_machine "$1")-calls"
	lldb_trouble "$1" "$3"
	lldb_interrupt "$1"
	lldb_flash "$1"
	lldb_second "$1"
}

for name in ${*:-$board_names}; do
	if [ -z "$gdb" ]; then
		echo "skip boards: gdb sessions on $name (no gdb-multiarch here)"
	else
		with_gdb "$name"
		gdb_interrupt "$name"
		replug "$name"
		gdb_reset "$name"
		flood "$name"
		fuzz "$name"
		stands "$name"
	fi
	if [ -z "$lldb" ]; then
		echo "skip boards: lldb sessions on $name (no lldb here)"
	else
		with_lldb "$name"
	fi
done

# plain MACHINE: the smallest list of packets, in whatever debuggers there are.
plain() {
	case $1 in aarch64) set -- aarch64 cpsr x1 ;; *) set -- x86_64 eflags rsi ;; esac
	if command -v "$gdb" >/dev/null 2>&1; then
		gdb_plain "$1-plain" "$2" 'the smallest stub'
		gdb_plain "$1-gdb" "$2" 'the plain library'
	fi
	if command -v "$lldb" >/dev/null 2>&1; then lldb_plain "$1-plain" "$3"; fi
}

# tight MACHINE: 256-byte buffers, in whatever debuggers there are.
tight() {
	case $1 in aarch64) set -- aarch64-tight cpsr x1 ;; *) set -- x86_64-tight eflags rsi ;; esac
	if command -v "$gdb" >/dev/null 2>&1; then gdb_tight "$1" "$2" '329[0-9][0-9]'; fi
	if command -v "$lldb" >/dev/null 2>&1; then lldb_tight "$1" "$3"; lldb_lends_nothing "$1"; fi
}
[ $# -gt 0 ] || {
	[ -z "$gdb" ] || smallest
	raspi3b
	tight aarch64
	tight x86_64
	plain aarch64
	plain x86_64
}

# The newer versions of both, where `make clients` has brought them.
if make_wrappers; then
	gdb=build/clients/bin/gdb-multiarch-16 lldb=build/clients/bin/lldb-22
	for name in ${*:-$board_names}; do
		new=gdb-16
		if [ -x $gdb ]; then
			with_gdb "$name"
		else
			echo "skip boards: gdb 16 on $name (build/clients is older than its gdb-multiarch)"
		fi
		new=lldb-22
		with_lldb "$name"
		new=newer
		tight "$(board_machine "$name")"
		plain "$(board_machine "$name")"
	done
	new=newer
	[ -x $gdb ] || gdb=
	[ $# -gt 0 ] || raspi3b
else
	echo "skip boards: gdb 16 and lldb 22 (no build/clients/trixie; as root run make clients)"
fi
exit $bad
