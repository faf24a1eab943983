# sleeps.sh - whether the program of a session (session.c) runs, as its wait_long sleeps again and
# again; sourced, also by what a debugger runs.

# program DIRECTORY: the process that the session in there is about.
program() {
	cat "$1/pid" 2>/dev/null || sed -n 's/^pid //p; s/^Process \([0-9]*\) stopped.*/\1/p' \
		"$1/server" "$1/session.lldb.out" 2>/dev/null | head -1
}
# How often a process has slept. Where a debugger stops it counts too, which is a few times for each
# step over a breakpoint.
sleeps() {
	sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$1/status"
}
# until_it_sleeps PID: until it has slept thirty times more; false when it does not in a minute.
until_it_sleeps() {
	first=$(sleeps "$1")
	for i in $(seq 1200); do
		[ "$(sleeps "$1")" -lt $((first + 30)) ] || return 0
		sleep 0.05
	done
	return 1
}
