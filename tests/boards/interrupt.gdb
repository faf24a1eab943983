python gdb.events.cont.connect(interrupt_soon)
continue
echo from the idle task, or whoever ran\n
bt
info threads
python gdb.events.cont.connect(interrupt_soon)
continue
printf "%d ticks passed\n", ticks > 0
set var trouble = 8
python gdb.events.cont.connect(interrupt_soon)
continue
echo from a loop\n
bt
print answer > 0
set var busy = 0
python gdb.events.cont.connect(interrupt_soon)
continue
echo out of the loop\n
print busy
print trouble
detach
