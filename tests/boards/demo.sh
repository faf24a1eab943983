#!/bin/sh
# demo.sh - a newcomer's first minute with boards: firmware on QEMU's boards, the stub inside it, a
# real gdb at the emulated UART.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/boards/boards.sh
dir=$(mktemp -d)
board_pid=
trap 'stop_board; rm -rf "$dir"' EXIT
gdb=$(find_gdb)
[ -n "$gdb" ] || { echo "board-demo: no gdb-multiarch here"; exit 1; }

cat >"$dir/script" <<'G'
echo \n---- the board waits at its start; now to the bakery ----\n
break fold if layers == 3
continue
bt
echo \n---- the same, walked by the board itself ----\n
monitor bt
echo \n---- tasks ----\n
info threads
echo \n---- a step, an instruction, registers ----\n
next
stepi
info registers pc sp
delete
echo \n---- who writes `counter'? ----\n
watch counter
continue
delete
echo \n---- Ctrl-C, a second later ----\n
python gdb.events.cont.connect(interrupt_soon)
continue
echo \n---- memory that is not there ----\n
x/2gx nowhere
set var *(long *)nowhere = 1
echo \n---- the firmware reads it too ----\n
set var trouble = 1
continue
bt
return
echo \n---- the board's own commands ----\n
monitor help
monitor bakery the demo
echo \n---- a program into flash, and its breakpoint ----\n
set $save = (unsigned long)$pc
load_app
set $pc = $save
symbols_app
break app_entry
set var trouble = 11
continue
bt 2
delete
echo \n---- the firmware writes a file on this machine, and prints ----\n
cd build/boards
set var trouble = 10
break out_of_trouble
continue
continue
detach
G

for name in $board_names; do
	echo
	echo "==== $name: $gdb build/boards/$name.elf -ex 'target remote SOCKET' ===="
	start_board "$name" "$dir/uart" || exit 1
	with_lines -ex "$dir/script" timeout 600 "$gdb" -nx -q -batch -ex 'set pagination off' \
		-ex 'set width 0' -ex 'set style enabled off' -ex 'set confirm off' \
		-ex 'set print thread-events off' -x tests/boards/words.gdb \
		-x "tests/boards/$(board_machine "$name")/words.gdb" -ex "target remote $dir/uart" "$(board_elf "$name")" \
		2>&1 </dev/null
	stop_board
done
cat <<E2

A board of your own: stub/board/PORTING.md. These two, to play with:
    make -s board-demo-uart      # the commands that start them
E2
