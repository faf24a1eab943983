#!/bin/sh
# uart.sh - for each board a line `NAME ELF COMMAND...`: COMMAND starts QEMU with the firmware's UART
# on the Unix socket that is written as {sock}. QEMU listens there, and the board waits at its start
# until somebody connects and lets it go.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/boards/boards.sh
for name in $board_names; do
	elf=$(board_elf "$name")
	echo "$name $elf $(board_command "$name" "$elf")"
done
