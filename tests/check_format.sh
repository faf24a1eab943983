#!/bin/sh
# check_format.sh - every C file of ours is as .clang-format says, and no line reaches column 100.
# Prints ok, not ok or skip lines.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' 2>/dev/null)
[ -n "$files" ] || files=$(find rsp arch stub tests -name '*.[ch]' | sort)

long=$(for file in $files; do
	expand -t 8 "$file" | awk -v file="$file" 'length($0) > 99 { print file ":" NR }'
done)
if [ -z "$long" ]; then
	echo 'ok format: lines end before column 100'
else
	echo "not ok format: lines end before column 100 ($(echo "$long" | wc -l))"
	echo "$long" | head -20 | sed 's/^/  /'
	bad=1
fi

if ! command -v clang-format >/dev/null 2>&1; then
	echo 'skip format (no clang-format here)'
	exit $bad
fi
wrong=$(for file in $files; do
	clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || echo "$file"
done)
if [ -z "$wrong" ]; then
	echo 'ok format: clang-format changes nothing'
else
	echo "not ok format: clang-format would change $(echo "$wrong" | wc -l) files; run make format"
	echo "$wrong" | sed 's/^/  /'
	bad=1
fi
exit $bad
