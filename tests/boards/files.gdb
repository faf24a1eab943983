cd build/boards
set var trouble = 10
tbreak out_of_trouble
continue
echo and with leave\n
set remote system-call-allowed 1
set var trouble = 10
tbreak out_of_trouble
continue
echo all done\n
detach
