break fold if layers == 2
continue
bt
info threads
next
echo stepped by line\n
frame
stepi
echo stepped by instruction\n
frame
finish
delete
watch counter
continue
delete
awatch pair[1]
continue
delete
break rom_double
continue
bt 1
delete
monitor help
monitor uptime
monitor bakery me too
printf "called: %d\n", fold(&last_loaf, 3)
detach
