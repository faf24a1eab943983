#!/bin/sh
# deps.sh GROUP... - installs the Debian packages that a target needs and this machine lacks.
# Says what it needs; asks when a person is at the terminal; goes ahead when CI is set or there is
# no terminal. Groups: demo build check bench unwind clients suites fuzz static package boards.
set -u

# The first of the named packages that this release of Debian has.
first_of() {
	for p in "$@"; do
		installed "$p" && { echo "$p"; return; }
	done
	for p in "$@"; do
		apt-cache show "$p" >/dev/null 2>&1 && { echo "$p"; return; }
	done
	echo "$1"
}
installed() {
	dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}
# libFuzzer's and the sanitizers' runtime belongs to clang's version and is only recommended by it.
clang_runtime() {
	v=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -1)
	echo "libclang-rt-${v:-14}-dev"
}
lldb_packages() {
	l=$(first_of lldb-19 lldb-22 lldb)
	echo "$l python3-$l"
}
packages() {
	case $1 in
	build) echo gcc libc6-dev libbsd-dev libdw-dev libelf-dev libmd-dev pkg-config ;;
	demo) echo "$(packages build)" gdb libc6-dbg ;;
	check) echo "$(packages demo)" check zsh gdbserver clang "$(clang_runtime)" clang-format g++ \
		"$(lldb_packages)" gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-i686-linux-gnu \
		libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user strace \
		man-db python3 util-linux procps gcc-mingw-w64-x86-64-win32 ;;
	bench) echo "$(packages build)" gdb gdbserver "$(lldb_packages)" strace python3 ;;
	unwind) echo "$(packages build)" libunwind-dev elfutils python3 strace ;;
	clients) echo "$(packages check)" mmdebstrap ;;
	suites) echo "$(packages check)" gdb-source dejagnu g++ clang llvm make xz-utils \
		python3-packaging python3-pexpect python3-psutil ;;
	static) echo "$(packages build)" g++ libbz2-dev liblzma-dev zlib1g-dev libzstd-dev ;;
	package) echo "$(packages static)" build-essential debhelper lintian gdb man-db python3 \
		util-linux ;;
	boards) echo qemu-system-x86 qemu-system-arm gdb-multiarch gcc-aarch64-linux-gnu \
		libc6-dev-arm64-cross python3 gcc \
		libc6-dev "$(lldb_packages)" ;;
	fuzz) echo "$(packages build)" clang "$(clang_runtime)" ;;
	esac
}

if ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: no apt-get here; make sure that a C compiler, libbsd, check, gdb and lldb are there"
	exit 0
fi

missing() {
	m=
	for g in "$@"; do
		for p in $(packages "$g"); do
			installed "$p" || case " $m " in *" $p "*) ;; *) m="$m $p" ;; esac
		done
	done
	echo "$m"
}

need=$(missing "$@")
[ -n "$need" ] || exit 0
if [ -t 0 ] && [ -z "${CI:-}" ]; then
	printf 'These packages are missing:%s\nInstall them with apt-get now? [Y/n] ' "$need"
	read -r answer
	case $answer in n* | N*) echo "Not installed. Run: apt-get install$need"; exit 1 ;; esac
else
	echo "deps: installing$need"
fi
root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || { echo "deps: not root and no sudo; as root run: apt-get install$need"; exit 1; }
	root=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $root apt-get update && need=$(missing "$@") &&
	DEBIAN_FRONTEND=noninteractive $root apt-get install -y --no-install-recommends $need; } >"$log" 2>&1; then
	tail -n 15 "$log"
	echo "deps: apt-get failed; once it works again, run: apt-get install$need"
	exit 1
fi
