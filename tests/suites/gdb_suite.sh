#!/bin/sh
# gdb_suite.sh [BOARD [FILE.exp ...]] - parts of GDB's own testsuite (Debian's gdb-source, DejaGnu, the
# installed gdb; nothing of GDB is built) with this server and with the real gdbserver, side by side.
# BOARD: native-gdbserver, native-extended-gdbserver or all (default). Without names the files of
# BOARD.list. What gdbserver passes and this server does not is lost; a loss is looked at twice, since
# some of the suite's tests depend on timing. Logs stay under build/suites/gdb/.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$PWD/build/suites/gdb
src=$work/src/gdb/testsuite
limit=${LIMIT:-300}
server=$work/server/stubborn # a copy: whoever builds meanwhile changes nothing

unpack() {
	[ -f "$src/lib/gdbserver-support.exp" ] && return 0
	tar=$(ls /usr/src/gdb.tar.xz 2>/dev/null) || { echo "not ok gdb-suite: no gdb-source here"; return 1; }
	mkdir -p "$work/src.new" &&
		tar -C "$work/src.new" --strip-components=1 -xJf "$tar" --wildcards '*/gdb/testsuite' &&
		rm -rf "$work/src" && mv "$work/src.new" "$work/src"
}

triplet() {
	case $(uname -m) in
	x86_64) echo x86_64-pc-linux-gnu ;;
	*) echo "$(uname -m)-unknown-linux-gnu" ;;
	esac
}

# run SERVER BOARD FILE DIR: the suite's own words go to DIR/gdb.sum and DIR/gdb.log.
run() {
	mkdir -p "$4" "$work/run"
	rm -f "$4/gdb.sum"
	cat >"$work/run/site.exp" <<-END
		set host_triplet $(triplet)
		set build_triplet $(triplet)
		set target_triplet $(triplet)
		set target_alias $(triplet)
		set srcdir $src
		set tool gdb
		source \${srcdir}/lib/append_gdb_boards_dir.exp
	END
	(cd "$work/run" && unset DEBUGINFOD_URLS DISPLAY && TERM=dumb LC_ALL=C \
		timeout -k 5 "$limit" runtest --status GDB=/usr/bin/gdb GDBSERVER="$1" GDB_PARALLEL=yes \
		--target_board="$2" --outdir="$4" "$3") >"$4/out" 2>&1 </dev/null
	rm -rf "$work/run/outputs"
	[ -f "$4/gdb.sum" ] || : >"$4/gdb.sum"
}

# The names that passed, each once; the n-th of one name is another one.
passes() {
	awk '/^(PASS|FAIL|KFAIL|XFAIL|UNRESOLVED|UNTESTED|UNSUPPORTED): / {
		status = $1; sub(/^[A-Z]+: /, ""); n = ++seen[$0]
		if (status == "PASS:") print $0 (n > 1 ? " #" n : "") }' "$1" | sort
}

# judge BOARD FILE
judge() {
	peer=$work/gdbserver/$1/$2 ours=$work/stubborn/$1/$2
	[ -s "$peer/gdb.sum" ] || run "$(command -v gdbserver)" "$1" "$2" "$peer"
	run "$server" "$1" "$2" "$ours"
	passes "$peer/gdb.sum" >"$work/peer"
	passes "$ours/gdb.sum" >"$work/ours"
	comm -23 "$work/peer" "$work/ours" >"$work/lost"
	if [ -s "$work/lost" ]; then
		run "$server" "$1" "$2" "$ours"
		passes "$ours/gdb.sum" >"$work/ours"
		comm -23 "$work/lost" "$work/ours" >"$work/lost.again"
		mv "$work/lost.again" "$work/lost"
	fi
	if [ ! -s "$work/peer" ]; then
		echo "skip gdb-suite $1 $2: nothing passes with gdbserver"
	elif [ -s "$work/lost" ]; then
		echo "not ok gdb-suite $1 $2: lost $(wc -l <"$work/lost") of $(wc -l <"$work/peer")"
		sed 's/^/  lost: /' "$work/lost" | head -20
	else
		echo "ok gdb-suite $1 $2: $(wc -l <"$work/peer") of gdbserver's, $(wc -l <"$work/ours") in all"
	fi
}

board() {
	b=$1
	shift
	[ $# -gt 0 ] || set -- $(sed 's/#.*//' "tests/suites/$b.list")
	for f in "$@"; do
		judge "$b" "$f"
	done
}

unpack || exit 1
mkdir -p "$work/server" && cp build/stubborn "$server" || exit 1
boards=${1:-all}
[ $# -eq 0 ] || shift
[ "$boards" != all ] || boards="native-gdbserver native-extended-gdbserver"
for b in $boards; do
	board "$b" "$@"
done | tee "$work/report"
! grep -q '^not ok ' "$work/report"
