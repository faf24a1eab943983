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
