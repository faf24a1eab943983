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
define spoil_stack
  set var *(unsigned long *)((char *)&demo_room + 512) = 0
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
define same_stacks
  python pcs = []; f = gdb.newest_frame()
  python exec("while f is not None:\n  pcs.append(f.pc()); f = f.older()")
  python lines = gdb.execute("monitor bt %d" % gdb.selected_thread().ptid[1], to_string=True).splitlines()
  python said = [int(l.split()[1], 16) for l in lines if l.startswith("#")]
  python same = pcs == said or (len(said) > 1 and pcs[:-1] == said)
  python print("%d frames, the same for both" % len(said) if same else "not so: %s %s" % (pcs, said))
end
define steps_in
  python seen = set()
  python exec("for i in range(60):\n  gdb.execute('stepi', to_string=True)\n  seen.add(gdb.newest_frame().name())")
  python print("60 steps in " + " ".join(sorted(map(str, seen))))
end
define unaligned
  echo any PC is aligned here\n
end
