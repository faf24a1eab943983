# bad_line.gdb - what is played over a bad line; each answer is a value that a spoiled byte would
# change. No addresses, no process numbers: every good run prints the same.
== connect
target remote @COMM@
break factorial
continue
print n
bt
== step
step
next
print n
step
info locals
== memory
x/16xb edge
print first
print numbers_of_session
print/x *(unsigned char (*)[64])session_text
== write
set var first.at.x = 77
print first
set var edge[3] = 0x5a
x/4xb edge
== registers
print $eflags
set $rbx = 0x1122334455667788
maint flush register-cache
print/x $rbx
set $xmm3.v4_int32 = {9, 8, 7, 6}
maint flush register-cache
print $xmm3.v4_int32
== steps
stepi 5
x/i $pc
next
print n
== finish
delete
finish
== threads
info threads
thread apply all -q print 1
== watched
break change_watched
continue
next
next
print watched
next
print watched
next
print watched
== end
kill
