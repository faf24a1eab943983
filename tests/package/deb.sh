#!/bin/sh
# deb.sh - the Debian packages: built twice, in two places and by two kinds of user, byte for byte the
# same; lintian; hardened; installed into a throw-away root, where gdb debugs with the program and the
# examples are built against the library; and removed. Prints ok, not ok and skip lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=$PWD/build/package/deb
root=$out/root
log=$out/log
failures=0
elsewhere=$(mktemp -d) || exit 1
trap 'rm -rf "$elsewhere"' EXIT
rm -rf "$out"
mkdir -p "$root"

claim() {
	name=$1
	shift
	if "$@"; then
		echo "ok deb: $name"
	else
		echo "not ok deb: $name ($(tail -n 5 "$log" | tr '\n' '|' | cut -c 1-300))"
		failures=1
	fi
}
says() {
	grep -q -e "$1" "$log"
}
silent() {
	! grep -q -e "$1" "$log"
}
# logged COMMAND...: what it prints goes to the log.
logged() {
	"$@" >"$log" 2>&1
}

# ---- built, twice ----

command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null || {
	echo 'skip deb (no dpkg-buildpackage and debhelper here)'
	exit 0
}
claim 'they are built' logged make -s deb DEB="$out/one"
[ $failures -eq 0 ] || exit 1
(umask 077 && TZ=Asia/Tokyo LC_ALL=C CFLAGS=-O0 make -s deb DEB="$elsewhere/two") >"$log" 2>&1
version=$(sed -n 's/^VERSION = //p' Makefile)
for package in stubborn libstubborn0 libstubborn-dev stubborn-dbgsym libstubborn0-dbgsym; do
	deb=${package}_${version}_$(dpkg --print-architecture).deb
	claim "another folder, zone and umask give the same $package" \
		logged cmp "$out/one/$deb" "$elsewhere/two/$deb"
done
set -- "$out"/one/stubborn_*.deb "$out"/one/libstubborn0_*.deb "$out"/one/libstubborn-dev_*.deb

if command -v lintian >/dev/null; then
	claim 'lintian finds no error' logged lintian --fail-on error "$out"/one/*.changes
	dpkg-deb -R "$1" "$out/spoilt" && rm "$out/spoilt/usr/share/doc/stubborn/copyright" &&
		dpkg-deb -b "$out/spoilt" "$out/spoilt.deb" >"$log"
	lintian --fail-on error "$out/spoilt.deb" >"$log" 2>&1
	claim 'and would find one' says '^E: .*no-copyright-file'
else
	echo 'skip deb: lintian (not here)'
fi
if command -v apt-get >/dev/null; then
	apt-get install -s "$@" >"$log" 2>&1
	claim 'apt finds what they depend on' says '^Inst stubborn '
	claim 'and they depend on nothing that building did not need' silent '^Inst [^sl]'
fi

# ---- installed ----

as_root=
[ "$(id -u)" = 0 ] || as_root='unshare -r'
# The root is empty: what they depend on is this machine's.
into_root() {
	$as_root dpkg --root="$root" --force-depends --force-script-chrootless --log=/dev/null "$@" >"$log" 2>&1
}
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
: >"$root/var/lib/dpkg/available"
everything() {
	find "$root" -path "$root/var/lib/dpkg" -prune -o -print | sort
}
before=$(everything)
if ! into_root --install "$@"; then
	claim 'they are installed' false
	exit 1
fi
echo 'ok deb: they are installed'
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH="$libraries"

# hardened FILE: as dpkg-buildflags' hardening=+all asks; fortified functions only where there are any.
hardened() {
	readelf -Wld "$1" >"$log" 2>&1 && says 'FLAGS.*NOW' && says GNU_RELRO && says 'GNU_STACK.* RW ' &&
		says '^Elf file type is DYN'
}
claim 'the program is hardened: PIE, relro, now' hardened "$root/usr/bin/stubborn"
claim 'the library too' hardened "$libraries/libstubborn.so.0"
nm -D "$root/usr/bin/stubborn" >"$log"
claim 'its stacks are guarded' says __stack_chk_fail
claim 'its functions are fortified' says __snprintf_chk

"$root/usr/bin/stubborn" --version >"$log" 2>&1
claim 'the program says its version' says "^stubborn $version\$"
man -M "$root/usr/share/man" 1 stubborn 2>&1 | col -b >"$log"
claim 'man has its page' says '^ *stubborn .* let gdb or lldb debug'
man -M "$root/usr/share/man" 3 stubborn 2>&1 | col -b >"$log"
claim 'man has the page of the library' says '^ *stub_init'
bash -c '. "$0"; COMP_WORDS=(stubborn --on-); COMP_CWORD=1; _stubborn; echo "${COMPREPLY[*]}"' \
	"$root/usr/share/bash-completion/completions/stubborn" >"$log" 2>&1
claim 'bash completes its options' says '^--on-disconnect$'
claim 'zsh has its completion' grep -q '^#compdef stubborn' \
	"$root/usr/share/zsh/vendor-completions/_stubborn"

${CC:-cc} -pthread -g -O0 -o "$out/program" tests/package/program.c || exit 1
timeout 30 gdb -nx -batch -ex "file $out/program" \
	-ex "target remote | exec $root/usr/bin/stubborn --once - $out/program 21" \
	-ex 'break twice' -ex continue -ex backtrace -ex continue >"$log" 2>&1 </dev/null
claim 'gdb debugs with it' says '^#1 .* in main (argc=2'
claim 'to the end' says 'exited with code 052\]$'

# ---- built against ----

export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$libraries/pkgconfig"
examples=$root/usr/share/doc/libstubborn-dev/examples
claim 'pkg-config knows the library' [ "$(pkg-config --modversion stubborn)" = "$version" ]
for how in shared static; do
	libs=$(pkg-config --libs stubborn)
	[ $how = shared ] || libs="-Wl,-Bstatic $libs -Wl,-Bdynamic"
	claim "an example is built, $how" logged ${CC:-cc} -std=c11 -Wall -Wextra -O2 $(pkg-config --cflags stubborn) \
		-o "$out/toy-$how" "$examples/toy.c" "$examples/machine.c" $libs
	timeout 30 gdb -nx -batch -ex "target remote | exec $out/toy-$how -" -ex 'break *0x10c' \
		-ex continue -ex 'printf "= %x %d\n", $pc, $ecx' >"$log" 2>&1 </dev/null
	claim "gdb debugs it, $how" says '^= 10c 5$'
done

# ---- and removed ----

into_root --purge stubborn libstubborn-dev libstubborn0
claim 'they are removed' [ -z "$(dpkg --root="$root" -l 2>/dev/null | grep '^[a-z]*i ')" ]
claim 'and leave nothing' [ "$(everything)" = "$before" ]
exit $failures
