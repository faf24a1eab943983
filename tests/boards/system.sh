#!/bin/sh
# system.sh - `stubborn bt` at the debugger's port of QEMU's own, which knows processors and no
# processes: names and tables come from the file that the user gives. Needs `make boards`. Prints ok,
# not ok or skip lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/boards/boards.sh
tmp=$(mktemp -d)
bad=0
board_pid=
trap 'stop_board; rm -rf "$tmp"' EXIT

# has WHAT PATTERN: the last output has such a line.
has() {
	if grep -q -E -e "$2" "$tmp/out"; then
		echo "ok system $1"
	else
		echo "not ok system $1 (no line '$2')"
		sed 's/^/  /' "$tmp/out"
		bad=1
	fi
}
# until_line PATTERN ARGUMENT...: runs bt at the port until such a line comes: the board's stub comes to
# wait in its loop, and stays there.
until_line() {
	pattern=$1
	shift
	for i in $(seq 600); do
		timeout 60 build/stubborn bt "$@" "unix:$tmp/port" >"$tmp/out" 2>&1
		grep -q -E -e "$pattern" "$tmp/out" && return
		sleep 0.1
	done
}
for name in $board_names; do
	case $name in *x86_64*) other=aarch64-virt ;; *) other=x86_64-pc ;; esac
	elf=$(board_elf "$name")
	command=$(board_command "$name" "$elf" | sed "s|{sock}|$tmp/uart|")
	if ! command -v "${command%% *}" >/dev/null 2>&1; then
		echo "skip system $name (no ${command%% *}; make deps-boards)"
		continue
	fi
	$command -chardev socket,path="$tmp/port",server=on,wait=off,id=port -gdb chardev:port \
		>"$tmp/log" 2>&1 &
	board_pid=$!
	until_line ' turn$' -e "$elf"
	has "$name is walked, with names" ' turn$'
	has "$name is walked to its caller" ' stub_board_guard$'
	has "$name shows its second processor" '^TID 2:$'
	timeout 60 build/stubborn bt -e "$(board_elf $other)" "unix:$tmp/port" >"$tmp/out" 2>&1
	has "$name is not what another file says" 'is not what runs at unix:'
	until_line '^#1 .*by instructions' -q
	has "$name is walked by its code alone" '^#1 .*by instructions'
	stop_board
	rm -f "$tmp/port" "$tmp/uart"
done
exit $bad
