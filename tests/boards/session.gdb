break fold if layers == 2
continue
bt
info threads
same_stacks
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
say_masks
delete
thread 1
same_stacks
thread 4
same_stacks
awatch pair[1]
continue
delete
break rom_double
continue
say_masks
bt 1
delete
monitor help
monitor uptime
monitor bakery me too
monitor stack
printf "called: %d\n", fold(&last_loaf, 3)
spoil_stack
tbreak bake
continue
tbreak bake
continue
detach
