#!/bin/sh
# bad_input.sh [SERVER] - what users, clients and the world do wrong: each gets the protocol's error
# or one line that says the cause and what to do, and the session or the server goes on.
set -u
cd "$(dirname "$0")/../.." || exit 1
server=${1:-build/stubborn}
make -s build/tools/ask build/progs/loop build/progs/threads build/progs/leader build/progs/exec ||
	exit 1
ask=build/tools/ask
mkdir -p build/check
dir=$(mktemp -d "$PWD/build/check/bad.XXXXXX") || exit 1
chmod 755 "$dir"
out=$dir/out log=$dir/log
failures=0 server_pid='' others='' other=''
trap 'end_server >&2; end_others; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# ---- words ----

end_others() {
	for p in $others; do
		kill -KILL "$p"
		wait "$p"
	done 2>/dev/null
	others=''
}
is_gone() {
	! kill -0 "$1" || grep -q '^State:.*Z' "/proc/$1/status"
}
# The server's exit status; one that does not end is killed, and that is its status.
wait_for_server() {
	until_true is_gone "$server_pid" || kill -KILL "$server_pid"
	wait "$server_pid"
}
# A server that is told to end does so with status 0; a sanitizer that complained makes it another.
end_server() {
	[ -n "$server_pid" ] || return 0
	kill "$server_pid" 2>/dev/null
	wait_for_server 2>/dev/null
	status=$?
	server_pid=''
	[ $status -eq 0 ] || {
		echo "not ok bad input: a server ends when it is told to (status $status, $(tail -n 3 "$log"))"
		failures=1
	}
}
# until_true COMMAND...: for at most a minute.
until_true() {
	left=1200
	while ! "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}
# serve ARGUMENT...: a server in the place of the last one; its port is in $port, the process that
# it started or attached to in $pid.
serve() {
	end_server
	: >"$log" # what the last one said must not be read for this one
	"$server" "$@" >>"$log" 2>&1 </dev/null &
	server_pid=$!
	until_true grep -q '^lldb ' "$log" || {
		echo "not ok bad input: a server starts ($*: $(head -n 3 "$log"))"
		failures=1
	}
	port=$(sed -n 's/^Listening on port \([0-9]*\)/\1/p' "$log")
	pid=$(sed -n 's/.*pid = \([0-9]*\)$/\1/p' "$log")
}
# spawn PROGRAM...: runs beside us; its pid is in $spawned.
spawn() {
	"$@" >/dev/null 2>&1 </dev/null &
	spawned=$!
	others="$others $spawned"
}
# talk WORD...: see ask.c.
talk() {
	timeout 200 $ask "$port" "$@" >"$out" 2>&1
}
# claim NAME COMMAND...: the command must succeed; else what was seen last is shown.
claim() {
	name=$1
	shift
	if "$@"; then
		echo "ok bad input: $name"
	else
		echo "not ok bad input: $name ($(cut -c 1-200 "$out" | tr '\n' '|' | cut -c 1-500))"
		failures=1
	fi
}
skip() {
	echo "skip bad input: $1 ($2)"
}
# says N PATTERN: the reply of the Nth word matches as a whole.
says() {
	sed -n "$1p" "$out" | grep -q -x -E -e "$2"
}
# all_say PATTERN: every reply does.
all_say() {
	[ -s "$out" ] && ! grep -q -v -x -E -e "$1" "$out"
}
# logged N PATTERN: the server complained in so many lines, one of which matches.
logged() {
	grep '^stubborn[a-z-]*: ' "$log" >"$out"
	[ "$(wc -l <"$out")" -eq "$1" ] && grep -q -E -e "$2" "$out"
}
ends_well() {
	wait_for_server 2>/dev/null
	echo "exit status $?" >"$out"
	server_pid=''
	grep -q -x 'exit status 0' "$out"
}
# What gdbserver says at its end too, for scripts.
gdbservers='^(Exiting|During startup program exited with code 12[67]\.|stubborn: exec: .*: not found|Cannot attach to process [0-9]+: .* \([0-9]+\))$'
# refused LINES PATTERN ARGUMENT...: ends with 1, having said so many lines, one of which matches.
refused() {
	lines=$1 pattern=$2
	shift 2
	timeout 200 $as_user "$server" "$@" >"$dir/said" 2>&1 </dev/null
	status=$?
	grep -v -E "$gdbservers" "$dir/said" >"$out"
	[ $status -eq 1 ] && [ "$(wc -l <"$out")" -eq "$lines" ] && grep -q -E -e "$pattern" "$out"
}
# symbol PROGRAM NAME: where it is when the server has launched it.
symbol() {
	base=$(sed -n '1s/-.*//p' "/proc/$pid/maps")
	at=$(nm "$1" | sed -n "s/ . $2\$//p")
	[ "$(od -An -j16 -N1 -tu1 "$1" | tr -d ' ')" = 3 ] || base=0 # 3: ET_DYN
	printf '%x' $((0x$base + 0x$at))
}
hex() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}
sum_of() {
	printf %s "$1" | od -An -v -tu1 | awk '{ for (i = 1; i <= NF; i++) s += $i }
		END { printf "%02x", s % 256 }'
}
zeros() {
	printf "%0$1d" 0
}

error='E[0-9a-f][0-9a-f]|E\..+'
stop='T[0-9a-f][0-9a-f].*'
as_user='' nobody=''
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
	$nobody test -x "$server" -a -x $ask || nobody=''
fi

# ---- the command line ----

claim 'an unknown option names itself and the remedy' \
	refused 1 'unknown option --nix; .*--help' --nix :0 build/progs/loop
claim 'an unknown option of lldb-server is named' \
	refused 1 'unknown option --nix; .*--help' gdbserver --nix :0
claim 'an option without its argument is named' \
	refused 1 '--port-file needs an argument: --port-file FILE' --port-file
claim 'an option of lldb-server without its argument is named' \
	refused 1 '--fd needs an argument: --fd N' gdbserver --fd
claim 'an argument that is no use is named with those that are' \
	refused 1 '--on-disconnect nix: say stop, resume or kill' --on-disconnect nix :0 build/progs/loop
claim 'no COMM' refused 1 'no COMM; say where' --multi
claim 'a process id that is none' refused 1 'no process is called no-such-name; see ps' --attach :0 no-such-name

# ---- what is to be started ----

printf 'no program\n' >"$dir/text"
claim 'a program that does not exist' refused 1 'No such file.*; give its path' :0 "$dir/nix"
claim 'a program that is not executable' refused 1 'not executable; try chmod' :0 "$dir/text"
claim 'a directory' refused 1 'is a directory; name a program' :0 "$dir"
chmod 755 "$dir/text"
claim 'an executable file that is no program' refused 1 "cannot launch $dir/text" :0 "$dir/text"
printf '#!/no/such/shell\n' >"$dir/script"
chmod 755 "$dir/script"
claim 'a script without its interpreter' refused 1 "cannot launch $dir/script" :0 "$dir/script"

# foreign NAME COMPILER: a program of another machine, refused by name.
foreign() {
	echo '#include <unistd.h>
	int main(void) { for (;;) pause(); }' >"$dir/foreign.c"
	$2 -static -o "$dir/$1" "$dir/foreign.c" 2>/dev/null || {
		skip "a program for $1" "$2 makes none here"
		return 1
	}
	claim "a program for $1" refused 1 "it is .*$1.*; run it under qemu-user so: qemu-[ai]" :0 "$dir/$1"
}
foreign ARM64 aarch64-linux-gnu-gcc
foreign i386 i686-linux-gnu-gcc && i386=$dir/i386

serve --multi :0
ours=$server_pid
claim 'a port in use says who holds it' \
	refused 2 "port $port is held by stubborn.* \(pid $ours\): end it or take another" \
	":$port" build/progs/loop
if [ -n "$nobody" ]; then
	as_user=$nobody
	claim 'or that it is held by another user' \
		refused 2 "port $port is held by another user's process: take another" \
		":$port" build/progs/loop
	as_user=
fi
talk qSupported
claim 'and its holder serves on' says 1 'PacketSize=.*'

# The same from a client that shows texts.
set -- "vRun;$(hex "$dir/nix")" "vRun;$(hex "$dir")" "vRun;$(hex "$dir/text")" \
	'vAttach;7fffffff' "vRun;$(hex "$PWD/build/progs/loop")" '?'
talk 'qSupported:error-message+;vContSupported+' "$@"
claim 'vRun of what does not exist has a text' says 2 'E\.cannot launch .*No such file.*'
claim 'vRun of a directory has a text' says 3 'E\.cannot launch .*directory.*'
claim 'vRun of a file that is no program has a text' says 4 'E\.cannot launch .*'
claim 'vAttach to a process that does not exist has a text' says 5 'E\.cannot attach .*no such.*'
claim 'and a good one is run then' says 6 "$stop"
talk 'qSupported:multiprocess+' QEnableErrorStrings "vRun;$(hex "$dir/nix")" '?'
claim 'to an lldb the text is in hex' says 3 "E[0-9a-f][0-9a-f];$(hex 'cannot launch ').*"
claim 'and the program that ran before is still there' says 4 "$stop"
if [ -n "${i386:-}" ]; then
	serve --multi :0
	talk 'qSupported:error-message+;vContSupported+' "vRun;$(hex "$i386")" 'vMustReplyEmpty'
	claim 'vRun of an i386 program has a text' says 2 'E\.cannot launch .*i386.*'
	spawn "$i386"
	if until_true grep -q i386 "/proc/$spawned/comm"; then
		claim 'attaching to an i386 program' refused 1 'it is .*i386.*; use a stub' --attach :0 "$spawned"
		serve :0 build/progs/exec "$i386"
		talk !hello c '?' 'm400000,4'
		others="$others $pid" # it was let go
		claim 'a program that becomes an i386 one is named' logged 1 'i386'
	else
		skip 'attaching to an i386 program' 'this kernel runs none'
	fi
	end_others
fi

# ---- whom to attach to ----

claim 'attaching to a process that does not exist' \
	refused 1 'there is no such process; see ps' --attach :0 2147483647
spawn build/progs/loop
loop=$spawned
if [ -n "$nobody" ]; then
	as_user=$nobody
	claim 'attaching without the right' \
		refused 1 "cannot attach to $loop: it belongs to user root; run the server as" --attach :0 "$loop"
	as_user=
else
	skip 'attaching without the right' 'it takes root and setpriv, and a tree that nobody can read'
fi
serve --attach :0 "$loop"
claim 'attaching to who is traced names the tracer' \
	refused 1 "process $server_pid \(stubborn.*\) traces it already; end that" --attach :0 "$loop"
end_server
sh -c 'sleep 0.2 & echo $!; exec sleep 60' >"$dir/zombie" 2>/dev/null &
others="$others $!"
until_true test -s "$dir/zombie"
zombie=$(cat "$dir/zombie")
until_true grep -q '^State:.*Z' "/proc/$zombie/status"
claim 'attaching to a zombie' refused 1 'is a zombie; its parent' --attach :0 "$zombie"
end_others

# ---- numbers ----

serve :0 build/progs/loop
a=$(sed -n '1s/-.*//p' "/proc/$pid/maps")
most=ffffffffffffffff
talk "m$most,10" "x$most,10" "M$most,10:$(zeros 32)" "X$most,4:abcd" "qCRC:$most,10" \
	"qSearch:memory:$most;10;a" "Mfffffffffffffff8,10:$(zeros 32)" "m1$most,1"
claim 'a range that wraps is an error' all_say "$error"
talk "M$a,$most:00" "X$a,$most:a" "qCRC:$a,$most" "M$a,2:000000" "X$a,1:" "m$a,1$most"
claim 'a length that is not so is an error' all_say "$error"
talk "m$a,0" "x$a,0" "m$most,0" "M$a,0:" "X$a,0:" "M$most,0:" "m$a,4"
claim 'm of no bytes is empty' says 1 ''
claim 'x of no bytes is OK or b' says 2 'OK|b'
claim 'm of no bytes at the top is empty' says 3 ''
claim 'M of no bytes is OK' says 4 OK
claim 'X of no bytes is OK' says 5 OK
claim 'M of no bytes at the top is OK' says 6 OK
claim 'and m reads on' says 7 7f454c46
talk "m$a,$most" "x$a,$most" "qSearch:memory:$a;$most;\\xfe\\xdc\\xba\\x98\\x76" "m$a,4"
claim 'm of 2^64-1 bytes gives what there is' says 1 '7f454c46[0-9a-f]+'
claim 'x of 2^64-1 bytes gives what there is' says 2 'b?\\x7fELF.*'
claim 'a search of 2^64-1 bytes ends' says 3 "0|$error"
claim 'and m still reads' says 4 7f454c46
talk p999 "p$most" P999=00 "P$most=00" P0=00 P0= P10=00112233445566778899 G00 "G$(zeros 60000)" p-1
claim 'registers that do not exist, or not so, are errors' all_say "$error|OK"
claim 'G of one byte covers no register' says 8 "OK|$error"
claim 'of a number that does not exist none is OK' \
	sh -c "! sed -n '1,7p;9,10p' '$out' | grep -q OK"
talk "Z0,$most,1" "Z0,$a" "Z9,$a,1" "Z1,$a,$most" "Z2,$a,0" "Z2,$a,$most" "Z2,$most,8" \
	"Z0,1$most,1" "z0,$a,1" "z2,$a,8"
claim 'breakpoints that cannot be are refused' \
	sh -c "! sed -n '2,10p' '$out' | grep -v -q -x -E -e '|$error'"
talk "Z0,$a,1;X4,220127" "Z0,$a,1;X3,22012" "Z0,$a,1;cmds:" "Z0,$a,1;X10000,22" 'QCatchSyscalls:1;' \
	QCatchSyscalls:2 qGetTLSAddr:0,0 "qGetTLSAddr:0,$most,$most" "qXfer:siginfo:write::$most:ab" \
	qXfer:siginfo:write::7f:abcd "qXfer:osdata:read:nonsense:$most,$most" "m$a,4"
claim 'lists and numbers that lie, and writes past the end, are refused' \
	sh -c "! sed -n '1,10p' '$out' | grep -v -q -x -E '$error'"
claim 'a list that the system has not got is empty' says 11 l
claim 'and m still reads behind them' says 12 7f454c46
talk "z0,$most,1" "vCont;q" "vCont;c:7fffffff" 'vCont;c:p7fffffff.1' "s$most:" 'Cxx' 'vCont;C' D1 \
	"vKill;7fffffff" '?'
claim 'actions that cannot be start nothing' \
	sh -c "! sed -n '2,9p' '$out' | grep -v -q -x -E -e '|$error'"
claim 'the session goes on behind all that' says 10 "$stop"

# ---- frames ----

long=$(zeros 100000)
sum=$(sum_of "M$a,186a0:$long$long")
talk '!bytes:$?#00' '!wait' '?' '!bytes:$?#zz' '!wait' '?' '!bytes:$m0,$?#3f' '!wait' \
	"!bytes:\$M$a,186a0:$long" "!bytes:$long#$sum" '!wait' '!bytes:\x00\xff}}##++--' '?'
claim 'a wrong checksum is refused' says 1 '\(nak\)'
claim 'and the next packet is answered' says 2 "$stop"
claim 'a checksum that is none is refused' says 3 '\(nak\)'
claim 'and the next packet is answered too' says 4 "$stop"
claim 'a frame that begins anew is answered once' says 5 "$stop"
claim 'a packet larger than PacketSize is an error' says 6 "$error"
claim 'bytes between frames do not matter' says 7 "$stop|\(nak\)"
for end in '$m0,1' '$m0,1#' '$m0,1#1' '$X0,4:}' '+' '$' '+$qSupported:'; do
	talk "!bytes:$end"
	talk '?'
	claim "half a frame ($end) and then nothing" says 1 "$stop"
	talk '?' "!bytes:$end" '!reset'
	talk '?'
	claim "half a frame ($end) and then a reset" says 1 "$stop"
done
talk '!go:?' '!reset'
talk '?'
claim 'a reset before the ack' says 1 "$stop"
talk "!go:m$a,20000" '!reset'
talk '?'
claim 'a reset in the middle of a reply' says 1 "$stop"
for end in '!reset' ''; do
	talk !hello '!go:c' "${end:-!run::}"
	talk '?' "m$a,4"
	claim "a client that leaves${end:+ by reset} while the program runs" says 1 "$stop"
	claim 'and the next one reads memory' says 2 7f454c46
done
for try in 1 2 3; do # a machine that stands still for a second does not do so three times
	talk !hello '!go:c' '!run:sleep 0.1' '!reset'
	begin=$(date +%s%N)
	talk '?'
	now=$(date +%s%N)
	[ $(((now - begin) / 1000000)) -ge 1000 ] || break
done
claim 'the next client is served at once' test $(((now - begin) / 1000000)) -lt 1000
claim 'and told where the program stands' says 1 "$stop"
claim 'nothing of all that ended the server' kill -0 "$server_pid"
claim 'nor the program' kill -0 "$pid"

# ---- threads ----

serve :0 build/progs/threads 4
hit=$(symbol build/progs/threads hit)
done_at=$(symbol build/progs/threads all_done)
talk !hello "Z0,$hit,1" c
dead=$(sed -n '2s/.*thread:\([0-9a-fp.]*\);.*/\1/p' "$out")
claim 'a thread is met' test -n "$dead"
talk !hello "Hg$dead" "T$dead" "z0,$hit,1" "Z0,$done_at,1" c \
	"Hg$dead" "T$dead" "qThreadExtraInfo,$dead" "qThreadStopInfo$dead" \
	"vCont;c:$dead" "vCont;s:$dead" \
	QThreadSuffixSupported "p0;thread:$dead;" "P0=$(zeros 16);thread:$dead;" "g;thread:$dead;" \
	p0 "z0,$done_at,1" c
claim 'while it lives it can be asked' says 2 OK
claim 'its death is not its end' says 5 "$stop"
claim 'H on a thread that died is an error' says 6 "$error"
claim 'T on a thread that died is an error' says 7 "$error"
claim 'its description is an error' says 8 "$error"
claim 'why it stopped is an error' says 9 "$error"
claim 'to continue it is an error' says 10 "$error"
claim 'to step it is an error' says 11 "$error"
claim 'p on it is an error' says 13 "$error"
claim 'P on it is an error' says 14 "$error"
claim 'g on it is an error' says 15 "$error"
claim 'p on one that lives is a value' says 16 '[0-9a-f]{16}'
claim 'the program ends as ever' says 18 W00
claim 'and the server with it' ends_well

# after_main N: the replies from the Nth word on, of a process whose first thread is gone.
after_main() {
	claim "$2: memory is read" says "$1" 7f454c46
	claim "$2: the auxv is read" says $(($1 + 1)) 'l.{16,}'
	claim "$2: the libraries are listed" says $(($1 + 2)) '[lm]<library-list-svr4.*libc.*'
	claim "$2: a region of the maps is told" says $(($1 + 3)) 'start:.*permissions:r.*'
	claim "$2: the other thread is listed" says $(($1 + 4)) "m.*$other.*"
	claim "$2: it can be chosen" says $(($1 + 5)) OK
	claim "$2: it has registers" says $(($1 + 6)) '[0-9a-fx]{300,}'
	claim "$2: it steps" says $(($1 + 7)) "$stop"
	claim "$2: it meets a breakpoint" says $(($1 + 9)) 'T05.*'
	claim "$2: memory is written" says $(($1 + 11)) OK
	claim "$2: it ends as it wants to" says $(($1 + 12)) W03
}
# ask_after_main WORD...: the words that after_main looks at, behind those.
ask_after_main() {
	at=$(symbol build/progs/leader alone)
	go=$(symbol build/progs/leader go)
	talk "$@" "m$a,4" qXfer:auxv:read::0,1000 qXfer:libraries-svr4:read::0,4000 \
		"qMemoryRegionInfo:$a" qfThreadInfo "Hg$other" g "vCont;s:$other" "Z0,$at,1" c "z0,$at,1" \
		"M$go,4:01000000" c
}
other_thread() {
	other=
	for t in "/proc/$pid/task"/*; do
		[ "${t##*/}" = "$pid" ] || other=$(printf %x "${t##*/}")
	done
	[ -n "$other" ]
}
main_is_gone() {
	grep -q '^State:.*Z' "/proc/$pid/task/$pid/status" && other_thread
}
serve :0 build/progs/leader
a=$(sed -n '1s/-.*//p' "/proc/$pid/maps")
# Once the first thread is gone, maps can be read through a thread only.
symbol build/progs/leader alone >"$dir/alone"
symbol build/progs/leader go >"$dir/go"
symbol() {
	cat "$dir/$2"
}
talk !hello '!go:c' \
	"!run:timeout 5 sh -c 'until grep -q State:.Z /proc/$pid/task/$pid/status; do sleep 0.05; done'" \
	'!bytes:\x03' '!wait'
claim 'the first thread ends, others live: no exit' says 1 "$stop"
claim 'the first thread is gone' main_is_gone
ask_after_main "Hg$(printf %x "$pid")" p0 "T$(printf %x "$pid")"
claim 'the first thread that is gone is no hang' says 2 "$error|[0-9a-fx]+"
after_main 4 'without a first thread'

spawn setarch -R build/progs/leader x
pid=$spawned
until_true main_is_gone
serve --attach :0 "$spawned"
claim 'attaching to a process whose first thread is gone' test -n "$pid"
[ -z "$pid" ] || {
	ask_after_main '?'
	claim 'it stands' says 1 "$stop"
	after_main 2 'attached without a first thread'
}
end_others

# ---- killed from outside ----

serve :0 build/progs/loop
talk '?' "!run:kill -KILL $pid; sleep 0.1" g "m$a,4" c c '?' g
claim 'killed while stopped: a client that goes on sees X09' says 4 'X09.*'
claim 'and an error when it goes on once more' says 5 "$error"
claim 'and no later packet hangs' sh -c "! grep -q '(late)' '$out'"
claim 'the server says so and ends' grep -q 'terminated with signal = 0x9 (SIGKILL)' "$log"
claim 'with status 0' ends_well
serve :0 build/progs/loop
talk !hello '!go:c' "!run:sleep 0.1; kill -KILL $pid" '!wait' '?' g
claim 'killed while running: the client sees X09' says 1 'X09.*'
claim 'the server ends with status 0' ends_well
serve --multi :0 build/progs/threads 1
talk !hello "!run:kill -KILL $pid" 'vCont;c' "vRun;$(hex "$PWD/build/progs/loop")" '?' k
claim 'killed with --multi: the client sees X09' says 1 'X09.*'
claim 'and may start another' says 2 "$stop"
serve :0 build/progs/loop
talk '?'
kill -KILL "$pid"
talk '?' c
claim 'killed between two clients: the next one sees X09' grep -q '^X09' "$out"
claim 'and the server ends with status 0 then' ends_well

# ---- strangers ----

serve --multi :0
run="vRun;$(hex /usr/bin/touch);$(hex "$dir/executed")"
sum=$(sum_of "$run")
eol='\x0d\x0a'
talk "!bytes:POST / HTTP/1.1${eol}Host: localhost$eol$eol\$$run#$sum\$vCont;c#a8" '!closed'
claim 'an HTTP request is hung up on' says 1 '\(closed\)'
claim 'and logged in one line' logged 1 'first byte, 0x50, is not a debugger.s; connect with'
talk qSupported
claim 'the next client is served' says 1 'PacketSize=.*'
claim 'and nothing of it is executed' test ! -e "$dir/executed"
talk "!bytes:\\x16\\x03\\x01\\x02\\x00" '!closed'
claim 'so is a TLS hello' logged 2 'first byte, 0x16'

if [ -n "$nobody" ]; then
	ask="$nobody build/tools/ask"
	serve --multi :0
	talk qSupported
	claim 'another user is refused on loopback' says 1 '\(closed\)'
	claim 'and logged in one line with the remedy' \
		logged 1 'refused a connection from user 65534 on this machine; --any-user lets'
	ask=build/tools/ask
	talk qSupported
	claim 'and the own user is served' says 1 'PacketSize=.*'
	ask="$nobody build/tools/ask"
	serve --multi --any-user :0
	talk qSupported
	claim '--any-user lets others in' says 1 'PacketSize=.*'
else
	skip 'another user on loopback' 'it takes root and setpriv, and a tree that nobody can read'
fi
serve --multi "unix:$dir/socket"
port=$dir/socket
stat -c 'mode %a' "$port" >"$out"
claim 'a Unix socket is for its user only' grep -q -x 'mode 600' "$out"
if [ -n "$nobody" ]; then
	talk qSupported
	claim 'so another user cannot connect to it' grep -q 'Permission denied' "$out"
fi
ask=build/tools/ask
talk qSupported
claim 'and its user can' says 1 'PacketSize=.*'
claim 'a Unix socket in use' \
	refused 1 'in use by a running server; end that or' "unix:$dir/socket" build/progs/loop
claim 'a file in its place' \
	refused 1 'is no socket; remove it or' "unix:$dir/text" build/progs/loop
end_server
exit $failures
