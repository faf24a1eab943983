# mutate.gdb - a right session on a server that had bad company.
== after-connect
target extended-remote @COMM@
info threads
? Remote debugging using
? No threads
== after-run
file @PROG@
set remote exec-file @REMOTE@
set args one
break factorial
run
print n
bt
? factorial \(n=5\).*= 5\n#0 .*factorial \(n=5\).*#1 .*main \(
== after-break
continue
print n
finish
? factorial \(n=4\).*= 4\n
? Run till exit|Breakpoint
== after-memory
x/20xb edge + 8
print first
info threads
? 0x20000ff8:	0x08	0x09	0x0a	0x0b	0x0c	0x0d	0x0e	0x0f\n.*Cannot access memory at address 0x20001000\n
? name = "first".*at = \{x = 3, y = -4\}
? 5 +Thread
== after-exit
delete
set var released = 1
handle SIGUSR1 nostop noprint pass
continue
? exited with code 02\]
