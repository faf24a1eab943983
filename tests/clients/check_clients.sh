#!/bin/sh
# check_clients.sh - the scripted session in gdb 13, gdb 16, lldb 19 and lldb 22, all on one and the
# same server. The newer two come out of the folder that clients.sh made, run by that folder's own
# loader and libraries but seeing the host's files, so they read the program and its libraries as
# the server's host has them.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD/build/clients/trixie
status=0

sh tests/live/session_gdb.sh build/stubborn gdb || status=1
sh tests/live/session_lldb.sh build/stubborn || status=1

if [ ! -x "$root/usr/bin/gdb" ]; then
	echo "skip gdb 16, lldb 22 (no $root; as root run make clients)"
	exit $status
fi
libraries=$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/llvm-22/lib:$root/usr/lib
mkdir -p build/clients/bin
cat >build/clients/bin/gdb-16 <<G
#!/bin/sh
PYTHONHOME=$root/usr exec $root/usr/lib64/ld-linux-x86-64.so.2 --library-path $libraries \\
	$root/usr/bin/gdb --data-directory=$root/usr/share/gdb "\$@"
G
cat >build/clients/bin/lldb-22 <<L
#!/bin/sh
PYTHONHOME=$root/usr exec $root/usr/lib64/ld-linux-x86-64.so.2 --library-path $libraries \\
	$root/usr/lib/llvm-22/bin/lldb "\$@"
L
chmod +x build/clients/bin/*
sh tests/live/session_gdb.sh build/stubborn build/clients/bin/gdb-16 || status=1
sh tests/live/session_lldb.sh build/stubborn build/clients/bin/lldb-22 || status=1
exit $status
