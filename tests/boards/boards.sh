# boards.sh - read by the scripts of this directory: which boards there are and how QEMU starts them.

# board_command NAME: the command that starts the board; {sock} is the Unix socket at which QEMU
# listens for whoever is at the other end of the board's UART.
board_command() {
	case $1 in
	aarch64-virt | aarch64-tight | aarch64-calls | aarch64-plain | aarch64-gdb | smallest) echo "qemu-system-aarch64 -M virt -cpu cortex-a57 -smp 2 -m 128 -display none" \
		"-monitor none -serial unix:{sock},server=on,wait=off -kernel $2" ;;
	raspi3b) echo "qemu-system-aarch64 -M raspi3b -display none -monitor none -serial unix:{sock},server=on,wait=off -kernel $2" ;;
	x86_64-pc | x86_64-tight | x86_64-calls | x86_64-plain | x86_64-gdb) echo "qemu-system-x86_64 -M pc -smp 2 -m 128 -display none -monitor none -nic none" \
		"-serial unix:{sock},server=on,wait=off -kernel $2" ;;
	esac
}
board_names='aarch64-virt x86_64-pc'
board_machine() { case $1 in x86_64*) echo x86_64 ;; *) echo aarch64 ;; esac; }
board_elf() { echo "$PWD/build/boards/$1.elf"; }

# start_board NAME SOCK: sets $board_pid, waits until QEMU listens.
start_board() {
	rm -f "$2"
	command=$(board_command "$1" "$(board_elf "$1")" | sed "s|{sock}|$2|")
	$command >"$2.log" 2>&1 &
	board_pid=$!
	i=0
	while [ ! -S "$2" ]; do
		i=$((i + 1))
		[ $i -lt 600 ] || { echo "the board did not start"; cat "$2.log"; return 1; }
		sleep 0.1
	done
}
stop_board() {
	[ -z "${board_pid:-}" ] || { kill "$board_pid" && wait "$board_pid"; } 2>/dev/null
	board_pid=
}

# gdb_commands FILE: an -ex for each line, so that an error does not end the script.
# Usage: gdb_commands FILE COMMAND...: runs COMMAND -ex LINE -ex LINE ...
with_lines() {
	option=$1 file=$2
	shift 2
	while IFS= read -r line; do
		case $line in '' | '#'*) ;; *) set -- "$@" "$option" "$line" ;; esac
	done <"$file"
	"$@"
}
find_gdb() {
	for g in gdb-multiarch gdb; do
		command -v "$g" >/dev/null 2>&1 && { echo "$g"; return; }
	done
}
find_lldb() {
	for l in lldb-19 lldb lldb-22; do
		command -v "$l" >/dev/null 2>&1 && { echo "$l"; return; }
	done
}
