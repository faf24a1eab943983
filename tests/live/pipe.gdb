# pipe.gdb - the server behind a pipe; the program runs to its end and its status is told.
== pipe
target remote | @SERVER@ - @PROG@ only
? Remote debugging using
== pipe-break
break main
continue
? Breakpoint 1, main \(argc=2
== pipe-exit
set var released = 1
handle SIGUSR1 nostop noprint pass
continue
print $_exitcode
info threads
? product 120, sum
? \[Inferior 1 \(process [0-9]+\) exited with code 02\]
? = 2\n
? No threads
