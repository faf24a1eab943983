break fold if layers == 2
continue
bt
info threads
info registers
next
echo stepped by line\n
stepi
echo stepped by instruction\n
frame
finish
delete
watch counter
continue
delete
break rom_double
continue
delete
printf "called: %d\n", fold(&last_loaf, 3)
thread 1
bt
dump binary value build/boards/tight.dump tasks
shell wc -c <build/boards/tight.dump
monitor uptime
compare-sections .text
detach
