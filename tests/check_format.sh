#!/bin/sh
# check_format.sh - every C file of ours is as .clang-format says, and no line reaches column 100.
# Prints ok, not ok or skip lines.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' 2>/dev/null)
[ -n "$files" ] || files=$(find rsp arch stub tests -name '*.[ch]' | sort)

long=$(awk '{
	width = 0
	n = split($0, parts, "\t")
	for (i = 1; i < n; i++)
		width = (width + length(parts[i])) - (width + length(parts[i])) % 8 + 8
	if (width + length(parts[n]) > 99)
		print FILENAME ":" FNR
}' $files)
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
wrong=$(clang-format --dry-run -Werror $files 2>&1 | sed -n 's/^\([^ :]*\):[0-9].*/\1/p' | sort -u)
if [ -z "$wrong" ]; then
	echo 'ok format: clang-format changes nothing'
else
	echo "not ok format: clang-format would change $(echo "$wrong" | wc -l) files; run make format"
	echo "$wrong" | sed 's/^/  /'
	bad=1
fi
exit $bad
