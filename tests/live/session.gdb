# session.gdb - the session that every gdb must get right (steps.awk says how to read it).
== connect
target remote @COMM@
? Remote debugging using
! [Cc]annot|[Ee]rror|E[0-9][0-9]
== break
break main
continue
? Breakpoint 1, main \(argc=3, argv=0x
== arguments
print argv[1]
print argv[2]
print argc
? = 0x[0-9a-f]+ "one"\n.*= 0x[0-9a-f]+ "two words"\n.*= 3\n
== call-environment
print (char *)getenv("SESSION_WORD")
? = 0x[0-9a-f]+ "over the wire"
== next
next
? echo\(argc, argv\);
== step
step
? echo \(argc=3, argv=0x[0-9a-f]+\) at .*session\.c:[0-9]+
== finish
finish
? Run till exit.* echo \(.*main \(argc=3
== break-in-threads
break many_types
continue
? Breakpoint 2, many_types \(argument=21\)
== threads
info threads
? \* 1 .*many_types \(argument=21\)
? 2 +Thread .*3 +Thread .*4 +Thread .*5 +Thread
! 6 +Thread
== backtrace-all
thread apply all bt
? Thread 5 \(.*park \(depth=1\).*park \(depth=2\).*park \(depth=3\).*park \(depth=4\).*worker \(
? Thread 1 \(.*#0 .*many_types \(argument=21\).*#1 .*main \(argc=3
! Backtrace stopped|corrupt|\?\? \(\)
== thread-locals
thread 3
frame function worker
print number
print share
thread 1
? worker \(.*\n.* = 2\n.* = 3\n.*many_types \(argument=21\)
== locals
tbreak add
continue
up
info locals
? Temporary breakpoint 3, add \(a=1, b=2\)
? letter = 81 'Q'\n.*small = -100 '\\234'\n.*tiny = -12345\n.*word = 4000000000\n
? big = -1234567890123456789\n.*all = 18446744073709551615\n
? single = 1\.5\n.*exact = -2\.125\n.*wide = 0\.5\n.*text = 0x[0-9a-f]+ "hello, debugger"\n
? table = \{1, 1, 2, 3, 5\}\n.*colour = GREEN\n.*place = \{x = 21, y = 42\}\n
? second = \{name = "second".*at = \{x = 7, y = 8\}, ratio = 10000000000, low = 1, high = 2, next = 0x[0-9a-f]+ <first>\}
== pointers
print *second.next
print function
print &second.at.y == (int *)((char *)&second + 20)
? name = "first".*at = \{x = 3, y = -4\}, ratio = 0\.25, low = 5, high = 17, next = 0x0\}
? 0x[0-9a-f]+ <add>.*= 1\n
== breakpoint-hidden
break add
stepi
x/1xb add
x/1xb many_types
? <add>:	0x(55|f3)
? <many_types>:	0x(55|f3)
! 0xcc
== finish-value
delete 4
finish
? Value returned is \$[0-9]+ = 3
== stepi
set $was = $pc
stepi
print $pc > $was && $pc - $was < 16
x/i $pc
? = 1\n=> 0x[0-9a-f]+ <many_types
== registers
print $rip == $pc
print/x $cs
print $sp < $fp && $fp - $sp < 4096
print $fs_base != 0
print $eflags
print/x $fctrl
print/x $mxcsr
info registers
info registers fs_base gs_base
? = 1\n.*= 0x33\n.*= 1\n.*= 1\n.*= \[ .*IF .*\]\n.*= 0x37f\n.*= 0x1f[0-9a-f]+\n
? rax .*r15 .*rip .*eflags .*gs .*fs_base .*gs_base
! <unavailable>|<not supplied>
== write-general
set $kept = $rbx
set $rbx = 0x1122334455667788
maint flush register-cache
print/x $rbx
print/x $ebx
set $bl = 0x99
maint flush register-cache
print/x $rbx
set $rbx = $kept
? = 0x1122334455667788\n.*= 0x55667788\n.*= 0x1122334455667799
== write-xmm
set $xmm7.v4_int32 = {1, -2, 3, -4}
set $xmm8.v2_double = {0.5, -8}
maint flush register-cache
print $xmm7.v4_int32
print $xmm8.v2_double
? = \{1, -2, 3, -4\}\n.*= \{0\.5, -8\}
== write-ymm [avx]
set $ymm9.v4_int64 = {1, 2, 3, -4}
set $xmm10.v4_int32 = {5, 6, 7, 8}
maint flush register-cache
print $ymm9.v4_int64
print $xmm9.v2_int64
print $ymm10.v8_int32
? = \{1, 2, 3, -4\}\n.*= \{1, 2\}\n.*= \{5, 6, 7, 8, 0, 0, 0, 0\}
== write-zmm [avx512f]
set $zmm17.v8_int64 = {1, 2, 3, 4, 5, 6, 7, -8}
set $k3 = 0xa5
maint flush register-cache
print $zmm17.v8_int64
print/x $k3
? = \{1, 2, 3, 4, 5, 6, 7, -8\}\n.*= 0xa5
== write-flags
set $eflags = $eflags | 1
maint flush register-cache
print $eflags
set $eflags = $eflags & ~1
maint flush register-cache
print $eflags
? = \[ CF .*\]\n
? = \[( [ABD-Z][A-Z]*)+ \]\n+$
== write-x87
set $st0 = 1.25
maint flush register-cache
print $st0
? = 1\.25
== memory-read
x/16xb edge
x/2xg edge
? 0x20000ff0:	0x00	0x01	0x02	0x03	0x04	0x05	0x06	0x07\n0x20000ff8:	0x08	0x09	0x0a	0x0b	0x0c	0x0d	0x0e	0x0f\n
? 0x20000ff0:	0x0706050403020100	0x0f0e0d0c0b0a0908
== memory-edge-examine
x/20xb edge + 8
? 0x20000ff8:	0x08	0x09	0x0a	0x0b	0x0c	0x0d	0x0e	0x0f\n.*Cannot access memory at address 0x20001000\n
== memory-edge-string
x/s edge + 8
? "\\b\\t\\n\\v\\f\\r\\016\\017"<error: Cannot access memory at address 0x20001000>
== memory-edge-value
print *edge@32
? Cannot access memory at address 0x20001000\n
== memory-edge-dump
dump binary memory @DIR@/dump edge hole
dump binary memory @DIR@/dump2 edge hole + 16
shell od -An -tx1 @DIR@/dump
? Cannot access memory at address 0x20001000\n
? 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
== memory-write
set var edge[15] = 0xee
print/x edge[15]
set var first.at = {11, 12}
print first.at
? = 0xee\n.*= \{x = 11, y = 12\}
== memory-edge-write
set {unsigned char[4]} (hole - 2) = {1, 2, 3, 4}
print 40 + 2
? Cannot access memory at address 0x2000(0ffe|1000)
? = 42\n
== memory-search
find edge, hole - 1, (char)0x0b, (char)0x0c
? 0x20000ffb\n1 pattern found
== call
print add(20, 22)
print add(first.at.x, first.at.y)
print $_
bt 1
? = 42\n.*= 23\n
? #0 .*many_types \(argument=21\)
== conditional-break-recursion
break factorial if n == 1
continue
bt
? Breakpoint 5, factorial \(n=1\)
? #1 .*factorial \(n=2\).*#2 .*factorial \(n=3\).*#3 .*factorial \(n=4\).*#4 .*factorial \(n=5\).*#5 .*main \(
== finish-recursion
delete 5
finish
? Value returned is \$[0-9]+ = 1\n
== frames
frame 2
print n
down
print n
? #2 .*factorial \(n=4\).*= 4\n.*factorial \(n=3\).*= 3\n
== watch
watch watched
continue
continue
continue
? [Ww]atchpoint [0-9]+: watched
? Old value = 10\nNew value = 11\n.*Old value = 11\nNew value = 42\n.*Old value = 42\nNew value = 50\n
? change_watched \(\)
== hardware-break
delete
thbreak signals
continue
? Temporary breakpoint [0-9]+, signals \(\)
== signal-stop
handle SIGUSR1 stop print pass
continue
print $_siginfo.si_signo
bt
? received signal SIGUSR1.*\n.*= 10\n.*raise.*signals \(\)
== signal-pass
continue
print handled
? received signal SIGUSR1.*\n.*= 1\n
== signal-swallow
tbreak wait_long
signal 0
print handled
? Temporary breakpoint [0-9]+, wait_long \(\)
? = 1\n
== signal-inject
tbreak on_signal
signal SIGUSR2
print signal
finish
print handled
? Temporary breakpoint [0-9]+, on_signal \(signal=12\)
? = 12\n
? Run till exit.*= 101\n
== auxv
info auxv
? AT_PAGESZ +System page size +4096
? AT_ENTRY +Entry point of program +0x[0-9a-f]+
? AT_NULL
== libraries
info sharedlibrary
? 0x[0-9a-f]+ +0x[0-9a-f]+ +Yes .*libc\.so\.6
== monitor
monitor help
? [a-z]
! not supported|unknown
== interrupt
shell exec sh @DIR@/poke
continue
bt
print spins > 5
? received signal SIGINT
? wait_long \(\).*main \(
? = 1\n
== interrupt-again
shell exec sh @DIR@/poke
set $was = spins
continue
print spins > $was
info threads
? received signal SIGINT.*= 1\n
? 5 +Thread
== detach
delete
detach
info threads
? Detaching from program
? No threads
