#!/bin/sh
# check_clients.sh - the scripted session in gdb 13, gdb 16, lldb 19 and lldb 22, all on one and the
# same server. The newer two come out of the folder that clients.sh made, run by that folder's own
# loader and libraries but seeing the host's files, so they read the program and its libraries as
# the server's host has them.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/clients/wrappers.sh
status=0

sh tests/live/session_gdb.sh build/stubborn gdb || status=1
sh tests/live/session_lldb.sh build/stubborn || status=1

if ! make_wrappers; then
	echo "skip gdb 16, lldb 22 (no build/clients/trixie; as root run make clients)"
	exit $status
fi
sh tests/live/session_gdb.sh build/stubborn build/clients/bin/gdb-16 || status=1
sh tests/live/session_lldb.sh build/stubborn build/clients/bin/lldb-22 || status=1
exit $status
