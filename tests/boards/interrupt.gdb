shell (sleep 1; kill -INT $PPID) &
continue
echo from the idle task, or whoever ran\n
bt
info threads
shell (sleep 1; kill -INT $PPID) &
continue
printf "%d ticks passed\n", ticks > 0
set var trouble = 8
shell (sleep 1; kill -INT $PPID) &
continue
echo from a loop\n
bt
print answer > 0
set var busy = 0
shell (sleep 1; kill -INT $PPID) &
continue
echo out of the loop\n
print busy
print trouble
detach
