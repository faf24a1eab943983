break smallest.c:46
continue
bt
print laps
continue
print laps
delete
watch laps
continue
delete
python gdb.events.cont.connect(interrupt_soon)
continue
print laps > 1000
x/4xb 0x40000000
detach
