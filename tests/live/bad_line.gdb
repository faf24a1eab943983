# bad_line.gdb - what is played over a bad line; each answer is a value that a spoiled byte would
# change. No thread ids and no ports: every good run prints the same.
== connect
target remote @COMM@
== break
break factorial
continue
print n
bt
== step
next
next
print n
bt
== memory
x/16xb edge
print first
x/32xb main
x/12i factorial
x/8xw first.name
== write
set var first.at.x = 77
print first
set var edge[3] = 0x5a
x/4xb edge
== registers
print $eflags
set $r11 = 0x1122334455667788
set $xmm3.v4_int32 = {9, 8, 7, 6}
maint flush register-cache
print/x $r11
print $xmm3.v4_int32
info registers rip rsp rbp cs ss
== steps
stepi 5
x/i $pc
continue
print n
bt
== finish
delete
up
finish
== threads
thread apply all -q print 1
== watched
break change_watched
continue
next
print watched
next
print watched
next
print watched
next
print watched
== end
kill
