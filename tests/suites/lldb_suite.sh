#!/bin/sh
# lldb_suite.sh [FILE.py ...] - parts of LLDB's own testsuite (its sources through apt, the installed
# lldb; nothing of LLVM is built) with this server and with the real lldb-server, side by side. Without
# names the files of lldb.list. What lldb-server passes and this server does not is lost; a loss is
# looked at twice. What the suite said stays under build/suites/lldb/.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$PWD/build/suites/lldb
version=${LLDB_VERSION:-19}
api=$work/src/lldb/test/API
limit=${LIMIT:-300}
server=$work/server/stubborn # a copy: whoever builds meanwhile changes nothing
lldb=$(command -v "lldb-$version") || { echo "skip lldb-suite: no lldb-$version here"; exit 0; }

# The source half of the archives that apt uses, in lists of our own.
fetch() {
	[ -f "$api/dotest.py" ] && return 0
	a=$work/apt
	mkdir -p "$a/lists/partial" "$a/cache/archives/partial" "$work/dl" || return 1
	apt-get indextargets --format 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' | sort -u >"$a/sources.list"
	options="-oDir::Etc::SourceList=$a/sources.list -oDir::Etc::SourceParts=/dev/null
		-oDir::State::Lists=$a/lists -oDir::Cache=$a/cache -oAPT::Sandbox::User="
	apt-get $options update && (cd "$work/dl" &&
		apt-get $options source --download-only "llvm-toolchain-$version") || return 1
	mkdir -p "$work/src.new" && tar -C "$work/src.new" --strip-components=1 --wildcards -xJf \
		"$(ls "$work"/dl/llvm-toolchain-*.orig.tar.xz | head -1)" '*/lldb/test' \
		'*/lldb/packages/Python' '*/lldb/utils' '*/lldb/examples' '*/lldb/use_lldb_suite_root.py' &&
		mv "$work/src.new" "$work/src" && rm -rf "$work/dl" "$a"
}

# Debian 12's python package points its library at a file of another package: a copy with the right one.
tools() {
	[ -x "$work/bin/lldb" ] && return 0
	from=$(ls -d /usr/lib/llvm-"$version"/lib/python3*/site-packages/lldb | head -1)
	library=$(ls /usr/lib/*/liblldb-"$version".so.1 /usr/lib/llvm-"$version"/lib/liblldb.so.1 2>/dev/null | head -1)
	mkdir -p "$work/py" "$work/bin" && cp -r "$from" "$work/py/" || return 1
	for s in "$work"/py/lldb/_lldb*.so; do
		ln -sf "$library" "$s"
	done
	cat >"$work/bin/lldb" <<-END
		#!/bin/sh
		case "\$*" in
		-P) echo "$work/py" ;;
		*) exec $lldb "\$@" ;;
		esac
	END
	chmod +x "$work/bin/lldb"
}

# run SERVER FILE TO
run() {
	mkdir -p "$(dirname "$3")"
	rm -rf "$work/run"
	(TERM=dumb LC_ALL=C.UTF-8 PYTHONPATH=$work/py timeout -k 5 "$limit" /usr/bin/python3 \
		tests/suites/lldb_one.py "$1" "$api" "$2" --executable "$work/bin/lldb" \
		--compiler "$(command -v clang)" --llvm-tools-dir "$llvm" --dsymutil "$llvm/dsymutil" \
		--arch "$(uname -m)" --build-dir "$work/run") >"$3" 2>&1 </dev/null
}

# A method passed when nothing else is said of it.
passes() {
	awk '/^(PASS|FAIL|ERROR|XFAIL|XPASS|SKIP) [A-Za-z_0-9]*\.[A-Za-z_0-9]*$/ {
		if ($1 != "PASS") other[$2] = 1
		said[$2] = 1
	} END { for (m in said) if (!(m in other)) print m }' "$1" | sort
}

judge() {
	peer=$work/lldb-server/$1.out ours=$work/stubborn/$1.out
	[ -s "$peer" ] || run "$(command -v "lldb-server-$version")" "$1" "$peer"
	run "$server" "$1" "$ours"
	passes "$peer" >"$work/peer"
	passes "$ours" | comm -23 "$work/peer" - >"$work/lost"
	if [ -s "$work/lost" ]; then
		run "$server" "$1" "$ours"
		passes "$ours" | comm -23 "$work/lost" - >"$work/lost.again"
		mv "$work/lost.again" "$work/lost"
	fi
	if [ ! -s "$work/peer" ]; then
		echo "skip lldb-suite $1: nothing passes with lldb-server"
	elif [ -s "$work/lost" ]; then
		echo "not ok lldb-suite $1: lost $(wc -l <"$work/lost") of $(wc -l <"$work/peer")"
		sed 's/^/  lost: /' "$work/lost" | head -20
	else
		echo "ok lldb-suite $1: $(wc -l <"$work/peer") of lldb-server's, $(passes "$ours" | wc -l) in all"
	fi
}

mkdir -p "$work/server" && cp build/stubborn "$server" || exit 1
fetch >"$work/fetch.log" 2>&1 || { tail -3 "$work/fetch.log"; echo "not ok lldb-suite: no sources"; exit 1; }
tools || { echo "not ok lldb-suite: no python3-lldb-$version"; exit 1; }
llvm=$(dirname "$(ls /usr/lib/llvm-*/bin/llvm-ar 2>/dev/null | head -1)")
[ $# -gt 0 ] || set -- $(sed 's/#.*//' tests/suites/lldb.list)
for f in "$@"; do
	judge "$f"
done | tee "$work/report"
! grep -q '^not ok ' "$work/report"
