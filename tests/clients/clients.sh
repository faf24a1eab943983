#!/bin/sh
# clients.sh DIR - makes DIR/trixie, a root folder with Debian trixie's gdb 16 and lldb 22, by
# mmdebstrap: about a minute and half a gigabyte. The servers run on the host, the clients in there
# (chroot), talking over loopback. Made under another name and renamed, so it is whole or not there.
set -u
dir=${1:-build/clients}
release=trixie
if [ -x "$dir/$release/usr/bin/gdb" ]; then
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "clients: making and entering a root folder needs root; as root run: make clients"
	exit 0
fi
command -v mmdebstrap >/dev/null 2>&1 || { echo "clients: mmdebstrap is missing; run: make deps-clients"; exit 1; }
mkdir -p "$dir"
rm -rf "$dir/$release.part"
echo "clients: making $dir/$release (gdb 16, lldb 22) with mmdebstrap; about a minute"
if mmdebstrap --variant=minbase --include=gdb,gdb-multiarch,gdbserver,lldb-22,python3-lldb-22 $release \
	"$dir/$release.part" >"$dir/$release.log" 2>&1; then
	rm -rf "${dir:?}/$release"
	mv "$dir/$release.part" "$dir/$release"
else
	tail -n 5 "$dir/$release.log"
	echo "clients: mmdebstrap failed (log: $dir/$release.log); is the package registry reachable?"
	exit 1
fi
