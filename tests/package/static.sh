#!/bin/sh
# static.sh - build/static/stubborn in a root that holds nothing but it and a static program: served
# to a real gdb without /proc, attached to and walked with it, names from files and by DNS. Prints ok,
# not ok and skip lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=build/package/static
empty=$PWD/$out/root
failures=0

rm -rf "$out"
mkdir -p "$empty"
# Who is not root is root in a user namespace of its own, and all of this runs there.
if ! unshare -mn true 2>"$out/unshare.log"; then
	if [ "$(id -u)" != 0 ] && unshare -rmn true 2>"$out/unshare.log"; then
		exec env OWN_NAMESPACE=1 unshare -r sh tests/package/static.sh
	fi
	echo "skip static: an empty root ($(tail -1 "$out/unshare.log"))"
	exit 0
fi

claim() {
	name=$1
	shift
	if "$@"; then
		echo "ok static: $name"
	else
		echo "not ok static: $name ($(tail -n 5 "$log" | tr '\n' '|' | cut -c 1-300))"
		failures=1
	fi
}
says() {
	grep -q -e "$1" "$log"
}
# in_root LOG ARGUMENT...: the server as a process of the empty root.
in_root() {
	log=$1
	shift
	timeout 30 chroot "$empty" /stubborn "$@" >"$log" 2>&1 </dev/null
}
# with_proc LOG ARGUMENT...: the same where /proc is mounted, as containers have it.
with_proc() {
	log=$1
	shift
	# The words behind -c are the inner shell's.
	timeout 30 unshare -m sh -c 'mount --rbind /proc "$0/proc" && exec chroot "$0" /stubborn "$@"' \
		"$empty" "$@" >"$log" 2>&1 </dev/null
}
# Waits for the port that a server writes into the root.
port() {
	for i in $(seq 100); do
		[ -s "$empty/port" ] && cat "$empty/port" && return
		sleep 0.1
	done
	echo 1
}

# ---- the file ----

cp build/static/stubborn "$empty/"
log=$out/file.log
readelf -Wld "$empty/stubborn" >"$log" 2>&1
no_line() {
	! grep -q -e "$1" "$log"
}
claim 'it asks for no loader and no library' no_line 'INTERP\|NEEDED'
claim 'its addresses are random all the same' says '^Elf file type is DYN'

# ---- nothing beside it ----

in_root "$out/version.log" --version
claim 'it runs in an empty root' says '^stubborn [0-9]'
claim 'which holds no other file' [ "$(find "$empty" -type f)" = "$empty/stubborn" ]
${CC:-cc} -static -pthread -g -O0 -o "$empty/program" tests/package/program.c || exit 1

cat >"$out/gdb" <<'END'
set confirm off
set width 0
break twice
continue
backtrace
info threads
delete
print twice(20)
print counter = 5
watch counter
continue
delete
continue
END
rm -f "$empty/port"
in_root "$out/server.log" --once --port-file /port localhost:0 /program 4 &
server=$!
log=$out/gdb.log
timeout 30 gdb -nx -batch -ex "file $empty/program" -ex "target remote 127.0.0.1:$(port)" \
	-x "$out/gdb" >"$log" 2>&1 </dev/null
claim 'gdb: a breakpoint without /proc' says 'Breakpoint 1, twice (x=4)'
claim 'gdb: a stack' says '^#1 .* in main ('
claim 'gdb: threads' says '^  2 .*Thread'
claim 'gdb: a function called' says '^\$1 = 40$'
claim 'gdb: memory written' says '^\$2 = 5$'
claim 'gdb: a watchpoint' says '^New value = 6$'
claim 'gdb: to the end' says 'exited with code 010\]$'
wait $server
status=$?
log=$out/server.log
claim "the server's status is the program's" [ $status -eq 8 ]
claim 'that no shell is there is said, and worked round' says 'there is no shell here'

in_root "$out/attach.log" --attach localhost:0 1
claim 'an attach names what it misses' says 'cannot attach to 1: /proc, where .* mount it'
in_root "$out/bt.log" bt 1
claim 'so does bt' says '/proc is not there; mount it'

# ---- with /proc ----

mkdir "$empty/proc"
if with_proc "$out/proc.log" version; then
	"$empty/program" wait &
	program=$!
	until grep -q . "/proc/$program/task"/*[0-9]/stat && [ "$(ls "/proc/$program/task" | wc -l)" -eq 2 ]; do
		sleep 0.1
	done
	with_proc "$out/bt.log" bt $program
	status=$?
	claim 'bt walks every thread' [ $status -eq 0 ]
	claim 'bt names the frames' says ' linger$'
	claim 'bt knows the other thread' says ' main$'
	rm -f "$empty/port"
	with_proc "$out/server.log" --once --port-file /port --attach localhost:0 $program &
	server=$!
	log=$out/gdb.log
	timeout 30 gdb -nx -batch -ex "file $empty/program" -ex "target remote 127.0.0.1:$(port)" \
		-ex 'thread apply all backtrace' -ex detach >"$log" 2>&1 </dev/null
	claim 'gdb: attached, both stacks' says ' linger ('
	claim 'gdb: let go' says '^\[Inferior 1 .* detached\]'
	wait $server
	claim 'the program lives on' kill $program
	if command -v c++filt >/dev/null && printf '%s\n' 'struct s { void wait(int); };' \
		'extern "C" int pause();' 'void s::wait(int) { for (;;) pause(); }' \
		'int main() { s().wait(1); }' | ${CXX:-g++} -x c++ -g -O0 -o "$out/cxx" -; then
		"$out/cxx" &
		program=$!
		sleep 0.5
		with_proc "$out/cxx.log" bt $program
		claim 'bt has C++ names with no C++ library there' says ' s::wait(int)$'
		kill $program
	else
		echo 'skip static: C++ names (no g++ here)'
	fi
else
	echo "skip static: with /proc ($(tail -1 "$out/proc.log"))"
fi

# ---- names ----

mkdir "$empty/etc"
in_root "$out/host.log" box.example:0 /program
claim 'a host that nothing names is refused' says '^box.example:0: cannot resolve name: '
echo '127.0.0.1	localhost box.example # ours' >"$empty/etc/hosts"
rm -f "$empty/port"
in_root "$out/host.log" --once --port-file /port BOX.example:0 /program &
server=$!
log=$out/host.log
timeout 10 gdb -nx -batch -ex "target remote 127.0.0.1:$(port)" -ex kill >"$out/gdb.log" 2>&1 </dev/null
wait $server
claim '/etc/hosts is read' says '^Remote debugging from host 127'

# A name server of our own answers at the only port that resolv.conf can mean.
rm "$empty/etc/hosts"
echo 'nameserver 127.0.0.1' >"$empty/etc/resolv.conf"
log=$out/dns.log
timeout 30 unshare -n python3 tests/package/dns.py chroot "$empty" /stubborn \
	--on-disconnect kill >"$log" 2>&1 </dev/null
claim 'a name server is asked for addresses' says '^Listening on port'
claim 'a name that it does not know is none' says '^nix.example:0: cannot resolve name: '

if [ -z "${OWN_NAMESPACE:-}" ] && [ -s "$out/proc.log" ]; then
	echo 'boss:x:0:0::/:/' >"$empty/etc/passwd"
	log=$out/user.log
	sleep 60 &
	other=$!
	timeout 10 unshare -m sh -c 'mount --rbind /proc "$0/proc" && exec chroot \
		--userspec=65534:65534 "$0" /stubborn --attach :0 "$1"' "$empty" $other \
		>"$log" 2>&1 </dev/null
	kill $other
	claim '/etc/passwd is read' says 'it belongs to user boss'
else
	echo 'skip static: names of users (needs root)'
fi
exit $failures
