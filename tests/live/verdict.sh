# verdict.sh - judges a session over a bad line by one over a good line, whose output is
# $dir/clean; sourced. With $ends_at_error set the client goes no further than its first error.

# What gdb says when it knows that something went wrong.
complaints='[Ww]arning:|error|[Ii]gnor|[Cc]annot|[Cc]an.t|Couldn|Could not|[Tt]imed out|[Tt]imeout|[Ii]nvalid|[Mm]alformed'
complaints="$complaints|[Bb]ogus|[Uu]nexpected|closed|lost connection|[Rr]eset|refused|not being run|failed|failure|too (short|long)"
complaints="$complaints|No (registers|frame|symbol|thread|process|stack)|not responding|[Uu]nknown|[Uu]nrecognized|Bad "
complaints="$complaints|[Tt]runcated|too much data|[Pp]rotocol|[Tt]arget disconnected|Remote replied|invalid|nonexistent|Read returned"

# The part of FILE before the first complaint; all of it when there is none.
before_complaint() {
	awk -v bad="$complaints" '$0 ~ bad { exit } { print }' "$1"
}
verdict() {
	if cmp -s "$dir/clean" "$1"; then
		echo right
	elif grep -avE "$complaints" "$1" | cmp -s "$dir/clean" -; then
		echo right
	elif [ -z "${ends_at_error:-}" ] && ! grep -aq '^@@ end' "$1"; then
		echo hung
	elif ! grep -aqE "$complaints" "$1"; then
		echo silent
	else
		before_complaint "$1" >"$dir/head"
		lines=$(wc -l <"$dir/head")
		head -n "$lines" "$dir/clean" | cmp -s - "$dir/head" && echo reported || echo silent
	fi
}
