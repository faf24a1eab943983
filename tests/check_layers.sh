#!/bin/sh
# check_layers.sh - includes obey the arrows of stub/DESIGN.md. Prints ok or not ok lines.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

# allow WHAT PATTERN FILE...: every #include of the files matches PATTERN (an extended regular
# expression over what stands between the quotes or angles, these included).
allow() {
	what=$1 pattern=$2
	shift 2
	found=
	for file in "$@"; do
		[ -f "$file" ] || continue
		found=1
		sed -n 's/^[ \t]*#[ \t]*include[ \t]*\([<"][^>"]*[>"]\).*/\1/p' "$file" |
			grep -v -x -E "$pattern" | sed "s|^|$file includes |"
	done >build/check_layers.out
	if [ -z "$found" ]; then
		return # a room that is not built yet
	elif [ -s build/check_layers.out ]; then
		echo "not ok layers: $what ($(wc -l <build/check_layers.out) includes too many)"
		sed 's/^/  /' build/check_layers.out
		bad=1
	else
		echo "ok layers: $what"
	fi
}

mkdir -p build
for room in rsp arch arch/unwind stub stub/board stub/live stub/dump stub/image stub/dbghelp stub/host stub/program \
	tests/examples; do
	[ -n "$(ls $room/*.c 2>/dev/null)" ] || { echo "not ok layers: $room has no files"; bad=1; }
done

free='<(stdint|stddef|stdbool|limits|string)\.h>'
hosted='<[a-z0-9_/]*\.h>'
public='"(rsp/rsp|arch/arch|arch/unwind/unwind|arch/unwind/dbghelp|stub/target|stub/stub|stub/agent)\.h"'

allow 'rsp includes rsp' "$free|\"rsp/[a-z0-9_]*\.h\"" rsp/*.[ch] rsp/small/*.c
allow 'rsp/hosted includes rsp' "<immintrin\.h>|\"rsp/[a-z0-9_]*\.h\"" rsp/hosted/*.c
allow 'arch includes arch' "$free|\"arch/[a-z0-9_]*\.h\"" arch/*.[ch]
allow 'arch/unwind includes arch' "$free|\"arch/[a-z0-9_/]*\.h\"" arch/unwind/*.[ch]
allow 'stub includes stub, rsp, arch' \
	"$free|$public|\"stub/[a-z0-9_]*\.h\"" stub/*.[ch]
allow 'stub/board includes stub' "$free|$public|\"stub/board/[a-z0-9_]*\.h\"" stub/board/*.[ch]
for room in live dump remote image host; do
	allow "stub/$room includes public headers and itself" \
		"$hosted|$public|\"stub/$room/[a-z0-9_]*\.h\"" stub/$room/*.[ch]
done
allow 'stub/dbghelp includes public headers, images and itself' \
	"$hosted|$public|\"stub/(image/image|dbghelp/[a-z0-9_]*)\.h\"" stub/dbghelp/*.[ch]
allow 'stub/program includes public headers and the targets' \
	"$hosted|$public|\"stub/(program|live|dump|remote|board|image|host)/[a-z0-9_]*\.h\"" stub/program/*.[ch] stub/program/static/*.[ch]
allow 'examples include what is installed' \
	"$hosted|<stubborn/(rsp|arch|target|stub|agent|unwind|dbghelp)\.h>|\"(machine|stackwalk)\.h\"" tests/examples/*.[ch]

# One header is the face of a target; what else its directory has is its own.
allow 'stub/program sees one header of each target' \
	"$hosted|$public|\"stub/program/[a-z0-9_]*\.h\"|\"stub/(live/live|dump/dump|remote/remote|image/image|host/host)\.h\"" \
	stub/program/*.[ch] stub/program/static/*.[ch]
for header in rsp/rsp.h arch/arch.h arch/unwind/unwind.h arch/unwind/dbghelp.h stub/target.h stub/stub.h stub/agent.h; do
	allow "$header is public and includes nothing private" "$free|$public" $header
done

rm -f build/check_layers.out
exit $bad
