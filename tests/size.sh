#!/bin/sh
# size.sh - what the freestanding set costs a firmware: bytes of code and constants by file for two
# machines at -Os, the deepest single stack frame, and the engine's state; and what is linked of it
# into firmwares for aarch64, tests/size/plain.c, minimal.c and embedded.c over firmware.c, by file, and
# walker.c for both.
set -eu
build=build
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
aarch64=${AARCH64_CC:-aarch64-linux-gnu-gcc}
x86_64=${CC:-cc}

# bytes OBJECT: "CODE CONSTANTS". .eh_frame is not counted: a firmware does not link it.
bytes() {
	size -A "$1" | awk '
		$1 ~ /^\.text/ { code += $2 }
		$1 ~ /^\.(rodata|data\.rel\.ro)/ { constants += $2 }
		END { printf "%d %d", code, constants }'
}
# frame SU: "BYTES FUNCTION" of the largest frame.
frame() {
	sort -t"$(printf '\t')" -k2 -n -r "$1" | awk -F'\t' 'NR == 1 { sub(/.*:/, "", $1); print $2, $1 }'
}
# sources MACHINE: the C files of its library; an object may be there of a file that is no more.
sources() {
	(cd $build/freestanding-"$1" && find rsp arch stub -name '*.o' | sed 's/o$/c/' | sort) |
		while read -r c; do
			[ ! -f "$c" ] || echo "$c"
		done
}
# state COMPILER STRUCT: its size, read from an object of that size, so that no program need run.
state() {
	printf '#include "stub/engine.h"\nchar it[sizeof(struct %s)];\n' "$2" |
		$1 -std=c11 -I. -x c -c -o "$tmp/state.o" -
	echo $((0x$(nm -S "$tmp/state.o" | awk '$4 == "it" { print $2 }')))
}

for machine in x86_64 aarch64; do
	sources $machine | while read -r c; do
		o=$build/freestanding-$machine/${c%.c}.o
		set -- $(bytes "$o") $(frame "${o%.o}.su")
		echo "$c $1 $2 ${3:-0} ${4:--}"
	done >"$tmp/$machine"
done

echo "Bytes of code and constants at -Os, and the largest stack frame of each file"
echo
join "$tmp/x86_64" "$tmp/aarch64" | awk '
	BEGIN {
		line = "%-26s %8s %8s %7s   %8s %8s %7s\n"
		printf "%-26s %25s   %25s\n", "", "---- x86_64 at -Os -----", "---- aarch64 at -Os ----"
		printf line, "", "code", "const", "frame", "code", "const", "frame"
	}
	{
		printf line, $1, $2, $3, $4, $6, $7, $8
		split($1, at, "/")
		if (!(at[1] in code)) order[++layers] = at[1]
		code[at[1]] += $2; constants[at[1]] += $3; code2[at[1]] += $6; constants2[at[1]] += $7
		c += $2; k += $3; c2 += $6; k2 += $7
		if ($4 > worst) { worst = $4; who = $5 }
		if ($8 > worst2) { worst2 = $8; who2 = $9 }
	}
	END {
		print ""
		for (i = 1; i <= layers; i++) {
			l = order[i]
			printf line, l "/", code[l], constants[l], "", code2[l], constants2[l], ""
		}
		printf line, "total", c, k, worst, c2, k2, worst2
		printf "\nx86_64:  %d bytes in all, worst frame %d bytes in %s\n", c + k, worst, who
		printf "aarch64: %d bytes in all, worst frame %d bytes in %s\n", c2 + k2, worst2, who2
	}'
echo
echo "State of an engine: struct stub $(state "$x86_64" stub) bytes, of them used" \
	"$(state "$x86_64" engine) (x86_64) and $(state "$aarch64" engine) (aarch64); and two buffers" \
	"of the caller's, 256 bytes each at least"

small="-std=c11 -I. -Os -ffreestanding -fno-stack-protector -fomit-frame-pointer -ffunction-sections
	-fdata-sections -mgeneral-regs-only -fno-pic"
# linked NAME [FILE [LIBRARY]]: the firmware's bytes by file, from the linker's map; what the firmware brings itself
# (its callbacks and the four memory functions) is not counted, its struct stub_target is. For the machine
# of $set, by the compiler $compiler.
set=freestanding-aarch64 compiler=$aarch64
linked() {
	$compiler $small -nostdlib -static \
		-Wl,--gc-sections,--build-id=none,-Map="$tmp/$1.map" -o "$tmp/$1" tests/size/"$1".c \
		tests/size/memory.c ${2:-} $build/$set/${3:-libstubborn.a}
	awk '
		function number(hex, i, n) {
			for (i = 3; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
			return n
		}
		/^Linker script and memory map/ { linked = 1 }
		!linked { next }
		$1 ~ /^\.(text|rodata)\./ { section = $1; if (NF == 1) next; size = $3; file = $4 }
		$1 ~ /^0x/ && NF == 3 && section != "" { size = $2; file = $3 }
		$1 ~ /^\./ && $1 !~ /^\.(text|rodata)\./ { section = "" }
		section != "" && file ~ /\.o\)?$/ {
			own = file !~ /\.a\(/
			sub(/.*\(/, "", file); sub(/\.o\)$/, ".c", file)
			if (own) file = "struct stub_target"
			if (!own || section ~ /^\.rodata/) bytes[file] += number(size)
			section = file = ""
		}
		END { for (file in bytes) { print bytes[file], file; sum += bytes[file] } print sum, "in all" }
	' "$tmp/$1.map" | sort -n -r | awk -v name="$1" '
		NR == 1 { printf "%s: %d bytes of text and rodata are linked\n", name, $1; next }
		{ size = $1; sub(/^[0-9]+ /, ""); printf "  %6d %-22s%s", size, $0, (NR - 1) % 3 ? "" : "\n" }
		END { print "" }'
	# The deepest single frame of the files that are linked.
	nm "$tmp/$1" | awk '$2 ~ /[tT]/ { print $3 }' | sort >"$tmp/functions"
	cat $build/$set/rsp/*.su $build/$set/rsp/small/*.su \
		$build/$set/arch/*.su $build/$set/arch/unwind/*.su \
		$build/$set/${3:+plain/}stub/*.su |
		awk -F'\t' '{ sub(/.*:/, "", $1); print $1, $2 }' | sort | join - "$tmp/functions" |
		sort -k2 -n -r | awk 'NR == 1 { print "  worst frame " $2 " bytes, in " $1 }'
}
# whole NAME [FLAG]: the firmware's bytes when the compiler sees it and the library as one (-flto), its own
# callbacks with it, without the four memory functions.
whole() {
	$aarch64 $small -c -o "$tmp/memory.o" tests/size/memory.c
	$aarch64 $small ${2:-} -flto=auto -nostdlib -static -Wl,--gc-sections,--build-id=none -o "$tmp/$1-whole" \
		tests/size/"$1".c tests/size/firmware.c "$tmp/memory.o" \
		$(sources aarch64 | grep -v '^stub/board/')
	echo "  with link-time optimization $(($(bytes "$tmp/$1-whole" | tr ' ' +) - $(bytes "$tmp/memory.o" | tr ' ' +))) bytes," \
		"the firmware's own callbacks with them"
}
# board LIST [LIBRARY]: the bytes of PORTING.md's example with that list of packets, its own few with them.
board() {
	sed "s/stub_embedded_packets/stub_$1_packets/" tests/boards/smallest/smallest.c >"$tmp/smallest.c"
	$aarch64 $small -nostdlib -static -Wl,--gc-sections,--build-id=none,--no-warn-rwx-segments \
		-T tests/boards/smallest/link.ld -o "$tmp/board" tests/boards/smallest/start.S \
		tests/boards/smallest/memory.c "$tmp/smallest.c" $build/freestanding-aarch64/${2:-libstubborn.a}
	echo "a whole board with the $1 list: $(($(bytes "$tmp/board" | tr ' ' +))) bytes of text and rodata"
}
echo
linked plain tests/size/firmware.c libstubborn-plain.a
whole plain -DSTUB_PLAIN=1
linked minimal tests/size/firmware.c
whole minimal
linked embedded tests/size/firmware.c
whole embedded
linked walker
set=freestanding-x86_64 compiler="$x86_64 -mno-red-zone"
echo "on x86_64:"
linked walker
board gdb libstubborn-plain.a
board minimal
board embedded
