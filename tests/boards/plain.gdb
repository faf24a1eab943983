break fold if layers == 2
continue
bt
info registers
next
echo stepped by line\n
stepi
echo stepped by instruction\n
frame
finish
delete
set var counter = 1000
print counter
set var $sp = $sp
printf "called: %d\n", fold(&last_loaf, 3)
x/8xb &constant
x/2xb 0x123456789000
set var trouble = 8
python gdb.events.cont.connect(interrupt_soon)
continue
echo from a loop\n
bt
set var busy = 0
break bake
continue
delete
compare-sections .text
disconnect
