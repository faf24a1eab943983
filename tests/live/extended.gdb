# extended.gdb - target extended-remote: run, kill, run again, attach, detach.
== extended
target extended-remote @COMM@
set remote exec-file @REMOTE@
? Remote debugging using
== extended-run
break main
run one
print argv[1]
? Breakpoint 1, main \(argc=2.*"one"
== extended-run-again
kill
set args again "and again"
set environment SESSION_WORD=extended
run
print argv[2]
print (char *)getenv("SESSION_WORD")
? Breakpoint 1, main \(argc=3.*"and again".*"extended"
== extended-exit
set var released = 1
handle SIGUSR1 nostop noprint pass
continue
? exited with code 02\]
== extended-attach
attach @PID@
bt
? wait_long \(\).*main \(
== extended-detach
detach
? Detaching from program
