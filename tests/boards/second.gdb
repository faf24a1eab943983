break bake
continue
info threads
thread 5
bt
monitor bt 5
monitor bt 77
set $laps = laps
x/4xb 0x40000000
print laps == $laps
thread 1
condition 1 laps > $laps
continue
print laps > $laps
set $laps = laps
stepi
delete
tbreak fold
continue
detach
