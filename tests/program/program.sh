#!/bin/sh
# program.sh [SERVER] - the command as a user meets it: help, refusals, and both debuggers' ways of
# starting it. Prints ok, not ok and skip lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
failures=0

# claim NAME COMMAND...: the command must succeed.
claim() {
	name=$1
	shift
	if "$@"; then
		echo "ok program: $name"
	else
		echo "not ok program: $name ($(tr '\n' '|' <"$out" | cut -c 1-300))"
		failures=1
	fi
}
says() {
	grep -q -e "$1" "$out"
}
# refused STATUS PATTERN ARGUMENT...: ends with that status and one line that matches.
refused() {
	status=$1 pattern=$2
	shift 2
	timeout 10 "$server" "$@" >"$out" 2>&1 </dev/null
	[ $? -eq "$status" ] && [ "$(wc -l <"$out")" -eq 1 ] && says "$pattern"
}

# Every option of a table is in the help that is made from it, with words.
for mode in '' gdbserver; do
	file=stub/program/${mode:+lldb_server.c}
	[ -n "$mode" ] || file=stub/program/gdbserver.c
	timeout 10 "$server" $mode --help >"$out" 2>&1
	for option in $(sed -n 's/^ *{ "\(--[a-z-]*\)".*/\1/p' "$file"); do
		claim "help of ${mode:-stubborn} names $option" says "$option .*[a-z]"
	done
done

"$server" version >"$out" 2>&1
claim 'version is one line' says '^stubborn [0-9][0-9.]*$'
claim 'an unknown option is refused' refused 1 'unknown option --nix; .stubborn --help' --nix :0 x
claim 'a missing program is refused' refused 1 'no program; name one' :0
claim 'a missing argument is refused' refused 1 '--log needs an argument' --log
claim 'a bad port is refused' refused 1 ':99999: the port must be' :99999 /bin/true
claim 'a program that is not there is refused' refused 1 '/no/such/prog' :0 /no/such/prog
claim 'a directory is refused' refused 1 'directory' :0 /etc
claim 'a file that is no program is refused' refused 1 'not executable' :0 /etc/passwd
claim 'a device that is not there is refused' refused 1 'look in /dev' /dev/ttyNONE /bin/true
claim 'a process that is not there is refused' refused 1 '999999' --attach :0 999999

timeout 10 "$server" no-such-host.invalid:0 /bin/true >"$out" 2>&1 </dev/null
claim 'a host that is not there is named' says '^no-such-host.invalid:0: cannot resolve name: '

# gdb with the server behind a pipe: nothing but packets may come out of it, and what the program
# prints comes to the terminal.
if command -v gdb >/dev/null; then
	timeout 30 gdb -nx -batch -ex "target remote | $server - /bin/echo over the pipe" \
		-ex continue >"$out" 2>&1 </dev/null
	claim 'gdb talks to it through a pipe' says 'Inferior 1 .* exited normally'
	claim 'the output of the program comes beside it' says '^over the pipe'
	claim 'the server says that the program ended' says 'Child exited with status 0'
else
	echo 'skip program: gdb through a pipe (no gdb here)'
fi

lldb=$(command -v lldb-19 || command -v lldb || :)
if [ -n "$lldb" ]; then
	LLDB_DEBUGSERVER_PATH=$(realpath "$server") timeout 60 "$lldb" --no-lldbinit -b \
		-o 'process launch -- over the pty' /bin/echo >"$out" 2>&1 </dev/null
	claim 'lldb starts it as its server' says 'exited with status = 0'
	claim 'the output of the program comes through lldb' says 'over the pty'
else
	echo 'skip program: lldb starts it (no lldb here)'
fi
exit $failures
