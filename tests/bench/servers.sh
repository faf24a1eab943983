# servers.sh - read by bench.sh, bench_threads.sh and sessions.sh: the servers to measure beside, those on
# the PATH and those of the clients' folder (`make clients`), run in place by the folder's own loader.
# Each function gets the words that follow the server's name and prints NAME=COMMAND, or nothing
# where there is no such server. between: what stands there for '='.
between=${between:-=}
folder=build/clients/trixie
root=$PWD/$folder
run=
if [ -x $folder/lib64/ld-linux-x86-64.so.2 ]; then
	run="$root/lib64/ld-linux-x86-64.so.2 --library-path $(echo "$root"/usr/lib/*-linux-gnu "$root"/usr/lib/llvm-*/lib "$root/usr/lib" | tr ' ' :)"
fi
# The version that a program names last in its first line, wherever it writes that.
version_of() {
	"$@" 2>&1 | sed -n '1s/.* //p'
}
newest() { # the lldb or lldb-server with the highest number on the PATH
	for f in $(echo "$PATH" | tr : ' '); do
		ls "$f" 2>/dev/null | grep -x "$1\(-[0-9]*\)\{0,1\}" || true
	done | sort -t- -k"$2" -n | tail -n 1
}
lldb_server=$(newest lldb-server 3)
new_lldb_server=$(ls $folder/usr/bin/lldb-server-* 2>/dev/null | tail -n 1)

gdbserver_here() {
	if command -v gdbserver >/dev/null; then
		echo "gdbserver $(version_of gdbserver --version)${between}gdbserver $1"
	else
		echo "no gdbserver here: its column is missing (apt-get install gdbserver)" >&2
	fi
}
lldb_server_here() {
	if [ -n "$lldb_server" ]; then
		echo "lldb-server $(version_of $lldb_server version)${between}$lldb_server $1"
	else
		echo "no lldb-server here: its column is missing (apt-get install lldb-19)" >&2
	fi
}
gdbserver_new() {
	[ -z "$run" ] || [ ! -x $folder/usr/bin/gdbserver ] ||
		echo "gdbserver $(version_of $run $folder/usr/bin/gdbserver --version)${between}$run $folder/usr/bin/gdbserver $1"
}
lldb_server_new() {
	[ -z "$run" ] || [ -z "$new_lldb_server" ] ||
		echo "lldb-server $(version_of $run "$new_lldb_server" version)${between}$run $new_lldb_server $1"
}
