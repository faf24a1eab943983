# attach.gdb - the second half: a server that attaches to the program that was let go.
== attached
target remote @COMM@
bt
info threads
? wait_long \(\).*main \(
? 2 +Thread .*3 +Thread .*4 +Thread .*5 +Thread
! 6 +Thread|[Ee]rror
== attached-state
print watched
print handled
frame function main
print *argv@argc
print edge[14]
? = 50\n.*= 101\n.*"one", 0x[0-9a-f]+ "two words"
== attached-break
tbreak usleep
continue
finish
? Temporary breakpoint 1, .*usleep
? Run till exit.*wait_long \(\)
== attached-step
next
next
next
print spins > 0
? spins\+\+
? = 1\n
== attached-interrupt
shell exec sh @DIR@/poke
continue
thread 4
bt
? received signal SIGINT
? park \(depth=1\).*park \(depth=2\).*park \(depth=3\).*worker
== kill
kill
info threads
? \[Inferior 1 \(.*\) killed\]
? No threads
