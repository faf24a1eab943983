#!/bin/sh
# run.sh - builds the examples against the installed package, static and shared, and debugs them
# with gdb and lldb. Prints ok, not ok or skip lines; logs stay in build/examples/.
set -u
cd "$(dirname "$0")/../.." || exit 1
here=$PWD/tests/examples
out=$PWD/build/examples
usr=$out/usr
bad=0
toy_pid=
trap '[ -z "$toy_pid" ] || kill "$toy_pid" 2>/dev/null' EXIT

ok() { echo "ok examples: $1"; }
not_ok() {
	echo "not ok examples: $1 ($2)"
	bad=1
}

# has NAME LOG PATTERN...: the log has a line for each extended regular expression.
has() {
	what=$1 log=$2
	shift 2
	for pattern in "$@"; do
		grep -q -E -e "$pattern" "$log" || {
			not_ok "$what" "no line like '$pattern' in ${log#"$PWD"/}"
			return
		}
	done
	ok "$what"
}

# same NAME WANT GOT: two files are the same.
same() {
	if diff "$2" "$3" >"$out/same.diff" 2>&1; then
		ok "$1"
	else
		not_ok "$1" "${3#"$PWD"/} differs"
		sed 's/^/  /' "$out/same.diff"
	fi
}

# ---- the package as users get it ----

rm -rf "$out"
mkdir -p "$out"
if ! make -s install PREFIX="$usr" DESTDIR= >"$out/install.log" 2>&1; then
	not_ok 'make install' "see build/examples/install.log"
	exit 1
fi
export PKG_CONFIG_PATH="$usr/lib/pkgconfig"
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -O2 -g"
flags="$flags $(pkg-config --cflags stubborn)"
libs=$(pkg-config --libs stubborn)

# build NAME LINK SOURCE...
build() {
	name=$1 link=$2
	shift 2
	(cd "$here" && ${CC:-cc} $flags -o "$out/$name" "$@" $link) >"$out/$name.build" 2>&1 ||
		not_ok "$name builds" "see build/examples/$name.build"
}
static="-Wl,-Bstatic $libs -Wl,-Bdynamic"
build toy-static "$static" toy.c machine.c
build toy-shared "$libs -Wl,-rpath,$usr/lib" toy.c machine.c
build smallest "$static" smallest.c
[ $bad -eq 0 ] || exit 1
ok 'build against the installed package'
if readelf -d "$out/toy-shared" | grep -q 'NEEDED.*libstubborn\.so\.0' &&
	! readelf -d "$out/toy-static" | grep -q libstubborn; then
	ok 'static and shared'
else
	not_ok 'static and shared' 'the wrong library is needed'
fi

for compiler in "${CXX:-g++} -x c++ -std=c++17" "${CC:-cc} -x c -std=c11"; do
	command -v ${compiler%% *} >/dev/null 2>&1 || {
		echo "skip examples: headers with ${compiler%% *} (not here)"
		continue
	}
	for header in "$usr"/include/stubborn/*.h; do
		name="<stubborn/${header##*/}> alone with ${compiler##*=}"
		if echo "#include <stubborn/${header##*/}>" | $compiler -fsyntax-only -Wall -Wextra \
			-pedantic-errors -Werror $(pkg-config --cflags stubborn) - >"$out/header.log" 2>&1; then
			ok "$name"
		else
			not_ok "$name" "$(head -1 "$out/header.log")"
		fi
	done
done

# ---- gdb ----

# debug LOG COMMANDS: a gdb session; lines that begin with "= " or are gdb's own findings are kept.
debug() {
	timeout -k 1 200 gdb -nx -batch -x "$2" >"$1.all" 2>&1 </dev/null
	grep -E '^(= |received: |\[Inferior |Program received|.*Cannot access)' "$1.all" |
		sed 's/^\(\[Inferior 1\) (.*)/\1/' >"$1"
}

# Each variant must show exactly this.
cat >"$out/toy.want" <<'END'
= start 100
= break 10c r0=5 r1=5
= break 10c r0=4 r1=9
= step 110 [1000]=9
= written 100 12345678
received: "0102000000000000"
received: "01"
received: "E0e"
[Inferior 1 exited normally]
END
gdb_session() {
	cat >"$out/$1.gdb" <<END
set confirm off
target remote | exec $2 -
printf "= start %x\n", \$pc
break *0x10c
continue
printf "= break %x r0=%d r1=%d\n", \$pc, \$eax, \$ecx
continue
printf "= break %x r0=%d r1=%d\n", \$pc, \$eax, \$ecx
stepi
printf "= step %x [1000]=%d\n", \$pc, *(int *)0x1000
set var \$ecx = 100
set var *(int *)0x2000 = 0x12345678
printf "= written %d %x\n", \$ecx, *(int *)0x2000
set var *(int *)0xfff8 = 0x201
maint packet mfff8,10
maint packet mfff8,1
maint packet m10000,10
delete
continue
END
	debug "$out/$1.got" "$out/$1.gdb"
	same "gdb: break, stepi, registers, memory, exit ($1)" "$out/toy.want" "$out/$1.got"
}

# It listens on $port, and not another in its place.
listens() {
	socket=$(awk -v at="0100007F:$(printf %04X $port)" '$2 == at && $4 == "0A" { print $10 }' \
		/proc/net/tcp)
	[ -n "$socket" ] && ls -l /proc/$toy_pid/fd 2>/dev/null | grep -q -F "socket:[$socket]"
}
has_ended() {
	! kill -0 $toy_pid 2>/dev/null || grep -q '^State:.*Z' /proc/$toy_pid/status 2>/dev/null
}
# Starts toy on a free port, which stands in $port.
start_toy() {
	port=$((20000 + $$ % 20000))
	for try in 1 2 3 4 5 6 7 8 9; do
		port=$((port + 1))
		"$@" $port 2>"$out/toy.err" &
		toy_pid=$!
		for wait in $(seq 600); do
			listens && return 0
			has_ended && break
			sleep 0.1
		done
		kill $toy_pid 2>/dev/null
		wait $toy_pid 2>/dev/null
	done
	toy_pid=
	return 1
}

# ended NAME: toy ran on to the end of its program by itself.
ended() {
	for wait in $(seq 600); do
		has_ended && break
		sleep 0.1
	done
	if ! has_ended; then
		kill $toy_pid
		not_ok "$1" 'the machine did not run to its end'
	elif wait $toy_pid; then
		ok "$1"
	else
		not_ok "$1" "exit status $?"
	fi
	toy_pid=
}

# 0x108 becomes a jump to itself for the while that Ctrl-C needs, which comes when toy computes.
gdb_over_tcp() {
	start_toy "$out/toy-shared" || {
		not_ok 'gdb over TCP' 'no free port'
		return
	}
	cat >"$out/poke" <<END
debugger=\$PPID
computed() { awk '{ print \$14 + \$15 }' /proc/$toy_pid/stat; }
(
	before=\$(computed)
	for i in \$(seq 600); do
		[ \$(computed) -le \$((before + 2)) ] || break
		sleep 0.1
	done
	kill -INT \$debugger
) </dev/null >/dev/null 2>&1 &
END
	cat >"$out/tcp.gdb" <<END
set confirm off
target remote 127.0.0.1:$port
stepi 2
printf "= first client %x\n", \$pc
disconnect
target remote 127.0.0.1:$port
printf "= second client %x\n", \$pc
maint packet ?
set var *(int *)0x108 = 0x01080005
shell exec sh $out/poke
continue
printf "= interrupted %x\n", \$pc
set var *(int *)0x108 = 0x00000102
detach
END
	debug "$out/tcp.got" "$out/tcp.gdb"
	cat >"$out/tcp.want" <<'END'
= first client 108
= second client 108
received: "T05
Program received signal SIGINT, Interrupt.
= interrupted 108
END
	sed -e '/Inferior 1 detached/d' -e 's/^\(received: "T..\).*/\1/' "$out/tcp.got" >"$out/tcp.got2"
	same 'gdb: reconnect, last stop again, Ctrl-C' "$out/tcp.want" "$out/tcp.got2"
	ended 'gdb: detach lets the machine run'
}

if command -v gdb >/dev/null 2>&1; then
	gdb_session static "$out/toy-static"
	gdb_session shared "$out/toy-shared"
	gdb_session all-or-nothing "$out/toy-static -w"
	gdb_over_tcp

	# A file whose bytes belong into flash: gdb erases, writes and reads them back.
	printf 'flash me # $ } * and on%5000s' . >"$out/image"
	if (cd "$out" && objcopy -I binary -O elf32-i386 -B i386 --rename-section \
		.data=.text,alloc,load,readonly,code,contents --change-section-address .data=0xc100 image image.elf) \
		>"$out/image.log" 2>&1; then
		cat >"$out/flash.gdb" <<END
set confirm off
target remote | exec $out/toy-static -
info mem
load $out/image.elf
compare-sections
x/8xb 0xc100
x/2xb 0xc0fe
set var *(char *)0xc100 = 1
END
		sed -i '/^load/s|^|file '"$out"'/image.elf\n|' "$out/flash.gdb"
		debug "$out/flash.got" "$out/flash.gdb"
		has 'gdb: load programs flash' "$out/flash.got.all" \
			'0x0000c000 +0x0000e000 +flash blocksize 0x400' 'Loading section .text, size 0x139' \
			'Section .text, range 0xc100 -- 0x[0-9a-f]*: matched' '0x66.*0x6c.*0x61.*0x73.*0x68' \
			'0xc0fe.*0xff.*0xff' 'Writing to flash memory forbidden'
	else
		echo 'skip examples: gdb load (objcopy makes no elf32-i386)'
	fi

	cat >"$out/smallest.gdb" <<END
target remote | exec $out/smallest
printf "= pc %lx sp %lx %s\n", \$pc, \$sp, (char *)\$sp
maint packet m700c,10
info registers rax
x/4xb 0x700e
END
	debug "$out/smallest.got" "$out/smallest.gdb"
	has 'gdb: smallest, memory and registers without a run' "$out/smallest.got.all" \
		'^= pc 401000 sp 7000 what was there$' '^received: "72650000"$' '^rax +<unavailable>' \
		'^0x700e:.*0x00.*0x00' 'Cannot access memory at address 0x7010'
else
	echo 'skip examples: gdb sessions (no gdb here)'
fi

# ---- lldb ----

lldb_session() {
	name=$1
	shift
	start_toy "$@" || {
		not_ok "lldb ($name)" 'no free port'
		return
	}
	cat >"$out/$name.lldb" <<END
gdb-remote 127.0.0.1:$port
register read pc
breakpoint set -a 0x10c
continue
register read r0 r1
continue
register read ecx
thread step-inst
register read pc
memory read -s4 -fx -c1 0x1000
register write r1 0x77
register read r1
memory write 0x2000 1 2 3
memory read 0x2000 0x2004
memory read --force 0xfff8 0x10008
process plugin packet send mfff8,10
breakpoint delete -f
detach
END
	timeout -k 1 200 $lldb --no-lldbinit -b -s "$out/$name.lldb" >"$out/$name.lldb.got" 2>&1 </dev/null
	has "lldb: break, stepi, registers, memory ($name)" "$out/$name.lldb.got" \
		'eip = 0x00000100' 'stop reason = breakpoint 1' 'eax = 0x00000005' 'ecx = 0x00000005' \
		'ecx = 0x00000009' 'stop reason = instruction step' 'eip = 0x00000110' \
		'0x00001000: 0x00000009' 'ecx = 0x00000077' '0x00002000: 01 02 03 00' \
		'\(8/16\) were able to be read from 0xfff8' 'response: 0000000000000000$' 'detached'
	ended "lldb: detach lets the machine run ($name)"
}

lldb=$(command -v lldb-19 || command -v lldb)
if [ -n "$lldb" ]; then
	lldb_session partial "$out/toy-static"
	lldb_session all-or-nothing "$out/toy-static" -w
else
	echo 'skip examples: lldb sessions (no lldb here)'
fi
exit $bad
