break lap
continue
bt
print laps
continue
print laps
print triple(14)
delete
watch laps
continue
delete
stepi
python gdb.events.cont.connect(interrupt_soon)
continue
print laps > 1000
monitor bt
info mem
x/4xb 0x80000
detach
