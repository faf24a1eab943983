# What the scripts say in words that mean something else on each machine.
define mend_stack
  set $sp = $rax
  set $pc = $pc + 1
end
define say_masks
  printf "masks %x\n", $eflags & 0x300
end
define after_the_wait
  printf "waited: %d\n", $rax
end
define load_app
  load build/boards/x86_64-pc-app.elf
end
define exec_app
  exec-file build/boards/x86_64-pc-app.elf
end
define exec_firmware
  exec-file build/boards/x86_64-pc.elf
end
define symbols_app
  add-symbol-file build/boards/x86_64-pc-app.elf
end
