# wrappers.sh - read by scripts that run the newer clients: build/clients/bin/gdb-16, gdb-multiarch-16
# and lldb-22, each run by the folder's own loader and libraries (clients.sh made it) but seeing the
# host's files.

# make_wrappers: false when the folder is not there.
make_wrappers() {
	root=$PWD/build/clients/trixie
	[ -x "$root/usr/bin/gdb" ] || return 1
	mkdir -p build/clients/bin
	wrap gdb-16 "$root/usr/bin/gdb" "--data-directory=$root/usr/share/gdb"
	wrap gdb-multiarch-16 "$root/usr/bin/gdb-multiarch" "--data-directory=$root/usr/share/gdb"
	wrap lldb-22 "$root/usr/lib/llvm-22/bin/lldb" ''
}

# wrap NAME PROGRAM OPTION
wrap() {
	[ -x "$2" ] || return 0
	cat >"build/clients/bin/$1.$$" <<W
#!/bin/sh
PYTHONHOME=$root/usr exec $root/usr/lib64/ld-linux-x86-64.so.2 \\
	--library-path $root/usr/lib/x86_64-linux-gnu:$root/usr/lib/llvm-22/lib:$root/usr/lib \\
	$2 $3 "\$@"
W
	chmod +x "build/clients/bin/$1.$$"
	mv "build/clients/bin/$1.$$" "build/clients/bin/$1"
}
