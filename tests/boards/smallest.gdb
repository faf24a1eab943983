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
shell (sleep 1; kill -INT $PPID) &
continue
print laps > 1000
x/4xb 0x40000000
detach
