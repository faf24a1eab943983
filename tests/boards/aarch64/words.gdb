# What the scripts say in words that mean something else on each machine.
define mend_stack
  set $sp = $x9
  set $pc = $pc + 4
end
define say_masks
  printf "masks %x\n", $cpsr & 0x3c0
end
define after_the_wait
  printf "waited: %d\n", $x0
end
define load_app
  load build/boards/aarch64-virt-app.elf
end
define exec_app
  exec-file build/boards/aarch64-virt-app.elf
end
define exec_firmware
  exec-file build/boards/aarch64-virt.elf
end
define symbols_app
  add-symbol-file build/boards/aarch64-virt-app.elf
end
