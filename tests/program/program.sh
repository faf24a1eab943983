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
# until_true COMMAND...: for at most a minute.
until_true() {
	for i in $(seq 600); do
		"$@" && return
		sleep 0.1
	done
	return 1
}
# ends PATTERN ARGUMENT...: the server ends with 1, its first line matches, its last is gdbserver's.
ends() {
	pattern=$1
	shift
	timeout 200 "$server" "$@" >"$out" 2>&1 </dev/null
	[ $? -eq 1 ] && head -1 "$out" | grep -q -e "$pattern" && [ "$(tail -1 "$out")" = Exiting ]
}
# refused_list WORD: --disable-packet says that it does not know the word, and what it knows.
refused_list() {
	timeout 200 "$server" --disable-packet="$1" :0 x >"$out" 2>&1 </dev/null
	[ $? -eq 1 ] && says "^Don't know how to disable \"$1\"\.$" && says '^  Tthread '
}
# refused STATUS PATTERN ARGUMENT...: ends with that status and one line that matches.
refused() {
	status=$1 pattern=$2
	shift 2
	timeout 200 "$server" "$@" >"$out" 2>&1 </dev/null
	[ $? -eq "$status" ] && [ "$(wc -l <"$out")" -eq 1 ] && says "$pattern"
}

# Every option of a table is in the help that is made from it, with words.
for mode in '' gdbserver; do
	file=stub/program/${mode:+lldb_server.c}
	[ -n "$mode" ] || file=stub/program/gdbserver.c
	timeout 200 "$server" $mode --help >"$out" 2>&1
	for option in $(sed -n 's/^ *{ "\(--[a-z-]*\)".*/\1/p' "$file"); do
		claim "help of ${mode:-stubborn} names $option" says "$option[[ ].*[a-z]"
	done
done

"$server" version >"$out" 2>&1
claim 'version is one line' says '^stubborn [0-9][0-9.]*$'
claim 'an unknown option is refused' refused 1 'unknown option --nix; .stubborn --help' --nix :0 x
claim 'a missing program is refused' refused 1 'no program; name one' :0
claim 'a missing argument is refused' refused 1 '--log needs an argument' --log
claim 'a bad port is refused' refused 1 ':99999: the port must be' :99999 /bin/true
claim 'a device that is not there is refused' refused 1 'look in /dev' /dev/ttyNONE /bin/true
claim 'a program that is not there is refused' ends '/no/such/prog' :0 /no/such/prog
claim 'as a shell says it' says '^During startup program exited with code 127\.$'
claim 'without a shell it is refused too' ends 'no-such-program: No such file' \
	--no-startup-with-shell :0 no-such-program
claim 'in the words that scripts read' says '^gdbserver: Cannot exec no-such-program$'
claim 'and their reason' says '^gdbserver: Error: No such file or directory$'
claim 'a directory is refused' ends 'directory' :0 /etc
claim 'a file that is no program is refused' ends 'not executable' :0 /etc/passwd
claim 'a process that is not there is refused' ends '2147483647' --attach :0 2147483647
claim 'in gdbserver'\''s words too' says '^Cannot attach to process 2147483647: No such process (3)$'
claim 'a name that no process has is refused' ends 'no process is called' --attach :0 no-such-name
claim 'a wrapper that ends is told' ends 'its wrapper ended with code 1' --wrapper false -- :0 true
claim 'a socket that was not handed over is refused' refused 1 'LISTEN_FDS' fd:// /bin/true
claim 'an unknown packet cannot be disabled' refused_list foo
claim 'a shell that is not known has no completion' refused 1 'say bash or zsh' --completion fish

# Usage that nobody asked for is an error; each of the words that choose a command line has its own.
"$server" >"$out" 2>/dev/null
claim 'usage after a mistake is on standard error' [ $? -eq 1 -a ! -s "$out" ]
for word in gdbserver g platform p --core bt; do
	timeout 200 "$server" $word --help >"$out" 2>/dev/null
	claim "$word has a help" says '^[Uu]sage: stubborn '
done

# A port that is taken: by whom. The first server holds it until it is told to end.
: >"$out" # what was said before must not be read for this one
"$server" --multi 127.0.0.1:0 >"$out" 2>&1 </dev/null &
holder=$!
until_true says '^Listening on port '
port=$(sed -n 's/^Listening on port //p' "$out")
timeout 200 "$server" "127.0.0.1:$port" /bin/true >"$out" 2>&1 </dev/null
claim 'a taken port is named as gdbserver does' says "^Can't bind address: Address already in use\.$"
claim 'and who holds it' says "port $port is held by .* (pid $holder)"
kill $holder
wait $holder

# Who asks for the port of a Unix socket gets its path, with a NUL in a pipe, as from lldb-server.
socket=$(mktemp -u)
"$server" gdbserver --pipe 1 "unix://$socket" 2>/dev/null </dev/null >"$out.pipe" &
holder=$!
until_true test -s "$out.pipe"
kill $holder
wait $holder
tr '\0' '|' <"$out.pipe" >"$out"
rm -f "$out.pipe"
claim 'the path of a Unix socket is told through the pipe' [ "$(cat "$out")" = "$socket|" ]

# The lines to paste are pasted, with the client behind a Unix socket, where they differ most.
lldb=$(command -v lldb-19 || command -v lldb || :)
pasted() {
	debugger=$1 command=$2
	socket=$(mktemp -u)
	: >"$out"
	timeout 200 "$server" --once "unix:$socket" /bin/true 2>"$out" </dev/null &
	waited=$!
	until_true says "^$debugger " && until_true test -S "$socket"
	line=$(grep "^$debugger " "$out")
	(eval "timeout 200 $3 ${line#"$debugger"} $4" >"$out" 2>&1 </dev/null)
	wait $waited
	says "$command"
}
claim 'the line for gdb works' pasted gdb 'exited normally' 'gdb -nx -batch' '-ex continue'
if [ -n "$lldb" ]; then
	claim 'the line for lldb works' pasted lldb 'exited with status = 0' \
		"$lldb --no-lldbinit -b" '-o continue'
else
	echo 'skip program: the line for lldb (no lldb here)'
fi

# Another user's process, as who is not root.
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$server"; then
	sleep 100 &
	other=$!
	setpriv --reuid=65534 --regid=65534 --clear-groups timeout 200 "$server" --attach :0 $other \
		>"$out" 2>&1 </dev/null
	claim "another user's process is named" says 'it belongs to user root'
	kill $other
else
	echo "skip program: another user's process (needs root, and the server where all can read)"
fi
scope=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)
if [ "${scope:-0}" -gt 0 ] && [ "$(id -u)" != 0 ]; then
	sleep 100 &
	other=$!
	claim 'ptrace_scope is named with its value' ends "ptrace_scope is $scope" --attach :0 $other
	kill $other
else
	echo "skip program: ptrace_scope (it is ${scope:-absent} here, and this user is $(id -un))"
fi

timeout 200 "$server" no-such-host.invalid:0 /bin/true >"$out" 2>&1 </dev/null
claim 'a host that is not there is named' says '^no-such-host.invalid:0: cannot resolve name: '

# What completes the options is made from the same tables.
"$server" --completion bash >"$out"
claim 'bash reads the completion' bash -n "$out"
complete_in_bash() {
	bash -c ". $out; COMP_WORDS=(stubborn $1); COMP_CWORD=$2; _stubborn; echo \${COMPREPLY[*]}"
}
claim 'it completes options' [ "$(complete_in_bash --on- 1)" = --on-disconnect ]
claim "it completes lldb-server's" [ "$(complete_in_bash 'gdbserver --native' 2)" = --native-regs ]
claim "it completes the platform's" [ "$(complete_in_bash 'platform --no' 2)" = --no-shell ]
claim "it completes bt's" [ "$(complete_in_bash 'bt --mo' 2)" = '--most --module' ]
claim 'it completes words' [ "$(complete_in_bash 'plat' 1 | tr ' ' '\n' | grep -x platform)" = platform ]
claim 'it completes their arguments' [ "$(complete_in_bash "--on-disconnect ''" 2)" = 'stop resume kill' ]

listens_again() {
	[ "$(grep -c '^Listening' "$out")" -eq 2 ]
}
# gdb with the server behind a pipe: nothing but packets may come out of it, and what the program
# prints comes to the terminal.
if command -v gdb >/dev/null; then
	timeout 200 gdb -nx -batch -ex "target remote | $server - /bin/echo over the pipe" \
		-ex continue >"$out" 2>&1 </dev/null
	claim 'gdb talks to it through a pipe' says 'Inferior 1 .* exited normally'
	claim 'the output of the program comes beside it' says '^over the pipe'
	claim 'the server says that the program ended' says 'Child exited with status 0'
	# Whatever the client is quick to do: all of it in one pipe, in the order in which it was said.
	(
		printf '+$c#63'
		i=0
		while [ $i -lt 600 ] && ! says '\$W00'; do
			i=$((i + 1))
			sleep 0.1
		done
	) | timeout 200 "$server" - /bin/true >"$out" 2>&1
	claim 'before the client reads of it' \
		awk '{ all = all $0 } END { at = index(all, "Child exited"); exit !(at && at < index(all, "$W00")) }' "$out"
	: >"$out"
	timeout 200 "$server" --multi 127.0.0.1:0 2>"$out" </dev/null &
	holder=$!
	until_true says '^gdb '
	line=$(grep '^gdb ' "$out")
	(eval "timeout 200 gdb -nx -batch ${line#gdb}" >/dev/null 2>&1 </dev/null)
	until_true listens_again
	kill $holder
	wait $holder
	claim 'it says that it waits for the next client, as gdbserver does' \
		says '^Remote side has terminated connection\.  GDBserver will reopen the connection\.$'
else
	echo 'skip program: gdb through a pipe (no gdb here)'
fi

if [ -n "$lldb" ]; then
	LLDB_DEBUGSERVER_PATH=$(realpath "$server") timeout 200 "$lldb" --no-lldbinit -b \
		-o 'process launch -- over the pty' /bin/echo >"$out" 2>&1 </dev/null
	claim 'lldb starts it as its server' says 'exited with status = 0'
	claim 'the output of the program comes through lldb' says 'over the pty'
	# lldb waits for a program: one is started every second, as it is not known when lldb waits.
	waited=$(mktemp -d) && cp /bin/sleep "$waited/waited-$$"
	(for i in $(seq 100); do
		[ -d "$waited" ] || exit
		"$waited/waited-$$" 10 &
		sleep 1
	done) >/dev/null 2>&1 </dev/null &
	LLDB_DEBUGSERVER_PATH=$(realpath "$server") timeout 200 "$lldb" --no-lldbinit -b \
		-o "process attach --name waited-$$ --waitfor" -o detach >"$out" 2>&1 </dev/null
	claim 'lldb waits for a program by its name' says "Executable module set to .*waited-$$"
	claim 'and lets it go' says '^Process [0-9]* detached'
	rm -r "$waited"
else
	echo 'skip program: lldb starts it (no lldb here)'
fi
# zsh is asked where it is there.
"$server" --completion zsh >"$out"
if command -v zsh >/dev/null; then
	claim 'zsh reads the completion' zsh -n "$out"
else
	echo 'skip program: zsh reads the completion (no zsh here)'
fi
exit $failures
