#!/bin/sh
# check_symbols.sh [ARCHIVE...] - what the library needs and what it defines. Prints ok or not ok
# lines.
#   freestanding archives: nothing undefined but memcpy memmove memset memcmp, no writable data;
#   every archive: global names begin with the prefix of a directory.
# Without arguments: the archives that `make all freestanding` leaves in build/.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
[ $# -gt 0 ] || set -- build/libstubborn.a build/freestanding-x86_64/libstubborn.a \
	build/freestanding-x86_64/libstubborn-plain.a build/freestanding-aarch64/libstubborn.a \
	build/freestanding-aarch64/libstubborn-plain.a

# say WHAT: standard input lists what is wrong.
say() {
	wrong=$(cat)
	if [ -z "$wrong" ]; then
		echo "ok symbols: $1"
	else
		echo "not ok symbols: $1 ($(echo "$wrong" | head -5 | tr '\n' ' '))"
		bad=1
	fi
}

# Names that the archive's members leave open and none of them defines.
undefined() {
	nm -P "$1" | awk 'NF >= 2 && $2 ~ /^[Uwv]$/ { open[$1] } NF >= 2 && $2 ~ /^[A-TV-Z]$/ { has[$1] }
		END { for (name in open) if (!(name in has)) print name }' | sort
}

# Writable sections that are not empty. Tables of pointers in position-independent code lie in
# .data.rel.ro, which is read-only once the program is loaded. One pointer is let pass: exception
# entries have nothing else to find their board by.
writable() {
	readelf -SW "$1" | sed -n 's/^File: //p; s/^ *\[ *[0-9]*\] *//p' | awk '
		NF == 1 { file = $1 }
		$1 == ".bss.stub_board_here" { next }
		$1 ~ /^\.(data|bss|tdata|tbss)/ && $1 !~ /^\.data\.rel\.ro/ && $5 !~ /^0+$/ {
			print file ":" $1 }'
}

for archive in "$@"; do
	if [ ! -f "$archive" ]; then
		echo "not ok symbols: $archive is not there"
		bad=1
		continue
	fi
	nm -P "$archive" 2>/dev/null | awk 'NF >= 2 && $2 ~ /^[A-TV-Z]$/ { print $1 }' |
		grep -v -E '^(rsp|arch|unwind|stub|live)_' | say "prefixes in $archive"
	writable "$archive" | say "no writable data in $archive"
	case $archive in
	*freestanding*)
		undefined "$archive" | grep -v -x -E 'memcpy|memmove|memset|memcmp' |
			say "only four functions needed by $archive"
		;;
	esac
done

# What the shared library shows is what its headers declare.
if [ -f build/libstubborn.so ]; then
	nm -D --defined-only -P build/libstubborn.so | awk '{ sub(/@.*/, "", $1); print $1 }' |
		grep -v -x 'STUBBORN_0' | while read -r name; do
		grep -q -w "$name" rsp/rsp.h arch/arch.h arch/unwind/unwind.h arch/unwind/dbghelp.h \
			stub/target.h stub/stub.h stub/agent.h || echo "$name"
	done | say 'build/libstubborn.so shows what its headers declare'
fi

# DbgHelp's names are in a library of their own, and what goes with them has its prefix.
windows='arch/unwind/dbghelp.h stub/dbghelp/windows.h'
if [ -f build/libstubborn-dbghelp.so ]; then
	nm -D --defined-only -P build/libstubborn-dbghelp.so | awk '{ sub(/@.*/, "", $1); print $1 }' |
		grep -v -x 'STUBBORN_DBGHELP_0' | while read -r name; do
		grep -q -w "$name" $windows || echo "$name"
	done | say 'build/libstubborn-dbghelp.so shows what its headers declare'
	nm -P build/libstubborn-dbghelp.a 2>/dev/null | awk 'NF >= 2 && $2 ~ /^[A-TV-Z]$/ { print $1 }' |
		grep -v -E '^(image|dbghelp)_' | while read -r name; do
		grep -q -w "$name" $windows || echo "$name"
	done | say 'names in build/libstubborn-dbghelp.a'
fi
exit $bad
