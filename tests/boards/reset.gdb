set var trouble = 9
python gdb.events.cont.connect(interrupt_soon)
continue
printf "baked before: %d\n", baked > 0
monitor reset
info threads
printf "baked after: %d\n", baked > 0
thread 1
tbreak bake
continue
detach
