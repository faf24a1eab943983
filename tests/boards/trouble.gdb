break bake
continue
delete
set var trouble = 1
echo an address that nothing is at\n
continue
return
set var trouble = 2
echo a write to read-only memory\n
continue
return
set var trouble = 3
echo no instruction\n
continue
return
set var trouble = 4
echo a jump to nowhere\n
continue
bt
up
set var trouble = 0
frame function get_into
return
set var trouble = 5
echo a wild stack pointer\n
continue
bt 1
mend_stack
set var trouble = 6
echo a breakpoint of its own\n
continue
bt 2
stepi
frame
set var trouble = 7
break waits
echo an instruction that waits\n
continue
say_masks
stepi
say_masks
stepi
after_the_wait
delete
tbreak call_supervisor
continue
set $calls = supervisor_calls
stepi
printf "%d call of the supervisor\n", supervisor_calls - $calls
say_masks
echo memory\n
x/2gx nowhere
x/2gx 0x8000000000000000
set var *(long *)nowhere = 1
set var *(long *)&constant = 1
print constant
monitor crash
monitor bakery still
echo an absurd PC\n
set $save = (unsigned long)$pc
set $pc = 0x8000000000000001
continue
set $pc = $save
say_masks
unaligned
echo a callback of the firmware's that faults\n
set var trip = 1
stepi
print trip
echo steps while interrupts are due\n
tbreak spin
set var trouble = 8
continue
steps_in spin
set var busy = 0
tbreak out_of_trouble
continue
echo an interrupt's handler\n
tbreak kernel_tick
continue
bt 3
monitor bt
stepi
stepi
finish
echo out of the handler\n
stepi 90
bt
break bake
continue
bt 1
detach
