set $save = (unsigned long)$pc
load_app
set $pc = $save
exec_app
compare-sections
exec_firmware
echo loaded again\n
load_app
set $pc = $save
exec_app
compare-sections
exec_firmware
set var *(char *)machine_flash_start = 1
x/2xb machine_flash_start + 0xffe
symbols_app
break app_entry
tbreak weigh
tbreak out_of_trouble
set var trouble = 11
continue
bt 3
continue
finish
stepi
continue
print answer
detach
