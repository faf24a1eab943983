# stubborn: a GDB remote-serial-protocol stub. `make help` lists the targets.

VERSION = 0.1.0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR ?=
CC ?= cc
CFLAGS ?= -O2 -g
LDFLAGS ?=
CLANG ?= clang
AARCH64_CC ?= aarch64-linux-gnu-gcc

B = build
LIBS = -lmd -lbsd
STD = -std=c11
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
OURS = $(STD) $(WARN) -I. -MMD -MP -fPIC -DSTUBBORN_VERSION='"$(VERSION)"'

.PHONY: all demo check check-all check-clients check-package clients bench bench-line bench-unwind accuracy fuzz size gdb-suite \
	lldb-suite static deb install uninstall clean help deps freestanding format roundtrips clang-objects progs \
	tools coverage prove-emulation
.DEFAULT_GOAL = all

# ---- the house: a list for each directory ----

RSP_REST = rsp/frame.c rsp/runs.c rsp/field.c rsp/json.c rsp/signal.c rsp/client.c
RSP = rsp/bulk.c rsp/bulk_any.c rsp/long.c $(RSP_REST)
ARCH = arch/memory.c arch/build_id.c arch/arch.c arch/sets.c arch/x86_64.c arch/aarch64.c arch/aarch64_core.c arch/x86_64_linux.c \
	arch/aarch64_linux.c arch/x86_64_step.c arch/x86_64_move.c
UNWIND = arch/unwind/walk.c arch/unwind/sources.c arch/unwind/memory.c arch/unwind/lines.c arch/unwind/cursor.c \
	arch/unwind/modules.c arch/unwind/rules.c arch/unwind/eh_frame.c arch/unwind/cfi.c \
	arch/unwind/expr.c arch/unwind/paths.c arch/unwind/prologue.c arch/unwind/insn_x86_64.c \
	arch/unwind/insn_aarch64.c arch/unwind/plt.c arch/unwind/exception.c arch/unwind/sigframe.c arch/unwind/frameptr.c arch/unwind/pac.c \
	arch/unwind/dbghelp.c
STUB = stub/engine.c stub/dispatch.c stub/events.c stub/line.c stub/stops.c stub/reasons.c stub/reasons_system.c stub/lldb_stop.c stub/lldb_brief.c stub/ahead.c stub/stacks.c \
	stub/xml.c stub/xml_lldb.c stub/serve.c stub/all.c stub/minimal.c stub/gdb_only.c stub/embedded.c \
	stub/pkt_plain.c stub/pkt_start.c stub/pkt_dialect.c stub/pkt_mem.c stub/pkt_binary.c stub/pkt_scan.c \
	stub/pkt_reg.c stub/pkt_reg_all.c stub/pkt_run.c stub/pkt_vcont.c stub/pkt_nonstop.c \
	stub/pkt_leave.c stub/pkt_plain_leave.c stub/pkt_events.c stub/pkt_break.c stub/pkt_condition.c stub/pkt_thread.c \
	stub/pkt_process.c stub/pkt_features.c stub/pkt_machine.c stub/pkt_xfer.c stub/pkt_flash.c stub/pkt_fileio.c stub/pkt_file.c \
	stub/pkt_monitor.c stub/pkt_launch.c stub/pkt_serial.c stub/pkt_quick.c stub/pkt_linux.c \
	stub/pkt_lldb_info.c stub/pkt_lldb_machine.c stub/pkt_lldb_thread.c stub/pkt_lldb_mem.c stub/pkt_lldb_host.c \
	stub/pkt_lldb_file.c stub/pkt_lldb_platform.c stub/agent.c stub/agent_print.c
# The engine once more for gdb alone, in the fewest bytes: what stub/plain.h says is taken for certain.
PLAIN = stub/engine.c stub/dispatch.c stub/events.c stub/serve.c stub/gdb_only.c \
	stub/pkt_plain.c stub/pkt_mem.c stub/pkt_reg.c stub/pkt_break.c stub/pkt_machine.c
BOARD = stub/board/self.c stub/board/start.c stub/board/memory.c stub/board/points.c stub/board/tasks.c \
	stub/board/fileio.c stub/board/flash.c stub/board/scratch.c stub/board/backtrace.c
LIVE = $(sort $(wildcard stub/live/*.c)) $(sort $(wildcard stub/dump/*.c))
IMAGE = $(sort $(wildcard stub/image/*.c))
DBGHELP = $(sort $(wildcard stub/dbghelp/*.c))
HOST = $(sort $(wildcard stub/host/*.c))
PROGRAM = $(sort $(wildcard stub/program/*.c))
# The static binary answers itself what libc and the C++ library answer from shared objects.
STATIC = $(sort $(wildcard stub/program/static/*.c))
HEADERS = rsp/rsp.h arch/arch.h stub/target.h stub/stub.h stub/agent.h \
	arch/unwind/unwind.h arch/unwind/dbghelp.h stub/board/board.h
WINDOWS_HEADERS = stub/dbghelp/windows.h stub/dbghelp/dbghelp.h
MAN1 = stub/program/stubborn.1
MAN3 = stub/stubborn.3 stub/dbghelp/stubborn-dbghelp.3

FREE = $(RSP) $(ARCH) $(STUB) $(UNWIND)
# Firmware counts the bytes of its code.
BARE = rsp/small/long.c $(RSP_REST) $(ARCH) $(STUB) $(UNWIND)
# Where there is an operating system, what the processor has is used.
BULK_x86_64 = rsp/hosted/bulk_x86_64.c
BULK = $(or $(BULK_$(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))),rsp/bulk_any.c)
LIB = $(filter-out rsp/bulk_any.c,$(FREE)) $(BULK)
LIB_O = $(LIB:%.c=$(B)/obj/%.o)
PROGRAM_O = $(LIVE:%.c=$(B)/obj/%.o) $(IMAGE:%.c=$(B)/obj/%.o) $(HOST:%.c=$(B)/obj/%.o) $(PROGRAM:%.c=$(B)/obj/%.o)

all: $(B)/stubborn $(B)/libstubborn.a $(B)/libstubborn.so $(B)/stubborn.pc \
	$(B)/libstubborn-dbghelp.a $(B)/libstubborn-dbghelp.so $(B)/stubborn-dbghelp.pc  ## the program and the library

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(B)/libstubborn.a: $(LIB_O)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/libstubborn.so: $(LIB_O) stub/stubborn.map
	$(CC) -shared -Wl,-soname,libstubborn.so.0 -Wl,--version-script=stub/stubborn.map \
		$(CFLAGS) $(LDFLAGS) -o $@ $(LIB_O)

$(B)/stubborn: $(PROGRAM_O) $(B)/libstubborn.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(PROGRAM_O) $(B)/libstubborn.a $(LIBS)

# One file that runs where there is no other: static libraries, no loader, nothing loaded later.
STATIC_LIBS = $(shell pkg-config --static --libs libmd libbsd libdw libelf) -lresolv -lstdc++
static: deps-static $(B)/static/stubborn  ## one binary for empty containers: build/static/stubborn
$(B)/static/stubborn: $(filter-out $(STATIC:stub/program/static/%.c=$(B)/obj/stub/program/%.o),$(PROGRAM_O)) \
	$(STATIC:%.c=$(B)/obj/%.o) $(B)/libstubborn.a
	@mkdir -p $(@D)
	$(CC) -static-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ -Wl,--fatal-warnings $(STATIC_LIBS)

$(B)/stubborn.pc: Makefile
	@mkdir -p $(B)
	@printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' 'libdir=$${prefix}/lib' '' \
		'Name: stubborn' 'Description: GDB remote serial protocol stub' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lstubborn' > $@

# ---- DbgHelp's names for the walker ----

DBGHELP_O = $(DBGHELP:%.c=$(B)/obj/%.o) $(IMAGE:%.c=$(B)/obj/%.o)
$(B)/libstubborn-dbghelp.a: $(DBGHELP_O)
	@rm -f $@
	$(AR) rcs $@ $^
$(B)/libstubborn-dbghelp.so: $(DBGHELP_O) stub/dbghelp/dbghelp.map $(B)/libstubborn.so
	@ln -sf libstubborn.so $(B)/libstubborn.so.0
	$(CC) -shared -Wl,-z,defs -Wl,-soname,libstubborn-dbghelp.so.0 -pthread \
		-Wl,--version-script=stub/dbghelp/dbghelp.map $(CFLAGS) $(LDFLAGS) -o $@ $(DBGHELP_O) \
		-L$(B) -lstubborn
$(B)/stubborn-dbghelp.pc: Makefile
	@mkdir -p $(B)
	@printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' 'libdir=$${prefix}/lib' '' \
		'Name: stubborn-dbghelp' 'Description: StackWalk64 for Linux processes and any memory' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir} -I$${includedir}/stubborn-dbghelp' \
		'Libs: -L$${libdir} -lstubborn-dbghelp -lstubborn' > $@

# ---- the freestanding set: no libc but memcpy, memmove, memset, memcmp ----

FREESTANDING = -ffreestanding -fno-stack-protector -fstack-usage -Os -fomit-frame-pointer \
	-ffunction-sections -fdata-sections $(LTO)
# For the smallest firmware: make freestanding LTO='-flto=auto -ffat-lto-objects', of which gcc compiles what is
# linked once more as a whole. Not the default: it does so in every link, also without -flto.
LTO =
freestanding: $(foreach m,x86_64 aarch64,$(B)/freestanding-$(m)/libstubborn.a $(B)/freestanding-$(m)/libstubborn-plain.a)  ## libstubborn.a and libstubborn-plain.a for firmware

$(B)/freestanding-x86_64/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(FREESTANDING) -fno-pic -mgeneral-regs-only -mno-red-zone -c -o $@ $<
$(B)/freestanding-aarch64/%.o: %.c
	@mkdir -p $(@D)
	$(AARCH64_CC) $(OURS) $(FREESTANDING) -fno-pic -mgeneral-regs-only -c -o $@ $<
$(B)/freestanding-x86_64/plain/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(FREESTANDING) -DSTUB_PLAIN=1 -fno-pic -mgeneral-regs-only -mno-red-zone -c -o $@ $<
$(B)/freestanding-aarch64/plain/%.o: %.c
	@mkdir -p $(@D)
	$(AARCH64_CC) $(OURS) $(FREESTANDING) -DSTUB_PLAIN=1 -fno-pic -mgeneral-regs-only -c -o $@ $<
$(B)/freestanding-x86_64/%.o: %.S
	@mkdir -p $(@D)
	$(CC) -I. -MMD -MP -c -o $@ $<
$(B)/freestanding-aarch64/%.o: %.S
	@mkdir -p $(@D)
	$(AARCH64_CC) -I. -MMD -MP -c -o $@ $<
# What both libraries of a machine have, and the engine of each.
BESIDE = $(filter-out $(STUB),$(BARE)) $(BOARD)
beside = $(patsubst %.c,$(B)/freestanding-$(1)/%.o,$(BESIDE) stub/board/machine_$(1).c) $(B)/freestanding-$(1)/stub/board/trap_$(1).o
$(B)/freestanding-%.a:
	@rm -f $@
	$(AR) rcs $@ $^
$(B)/freestanding-x86_64/libstubborn.a: $(STUB:%.c=$(B)/freestanding-x86_64/%.o) $(call beside,x86_64)
$(B)/freestanding-aarch64/libstubborn.a: $(STUB:%.c=$(B)/freestanding-aarch64/%.o) $(call beside,aarch64)
$(B)/freestanding-x86_64/libstubborn-plain.a: $(PLAIN:%.c=$(B)/freestanding-x86_64/plain/%.o) $(call beside,x86_64)
$(B)/freestanding-aarch64/libstubborn-plain.a: $(PLAIN:%.c=$(B)/freestanding-aarch64/plain/%.o) $(call beside,aarch64)

# ---- firmware for the boards that QEMU has, with the stub inside ----

.PHONY: boards board-demo board-demo-uart check-boards
FIRMWARE = $(STD) $(WARN) -I. -MMD -MP -ffreestanding -fno-stack-protector -fno-pic -O1 -g \
	-fno-tree-loop-distribute-patterns
BOARDS = $(patsubst %,$(B)/boards/%.elf,smallest aarch64-virt x86_64-pc aarch64-tight x86_64-tight aarch64-calls x86_64-calls aarch64-plain x86_64-plain aarch64-gdb x86_64-gdb)
FIRMWARE_LINK = -nostdlib -static -Wl,--gc-sections,--build-id=none,-z,max-page-size=4096

$(B)/boards/aarch64/%.o: tests/boards/%.c
	@mkdir -p $(@D)
	$(AARCH64_CC) $(FIRMWARE) -mgeneral-regs-only -c -o $@ $<
$(B)/boards/aarch64/%.o: tests/boards/%.S
	@mkdir -p $(@D)
	$(AARCH64_CC) -g -MMD -MP -I. -c -o $@ $<
$(B)/boards/aarch64-virt.elf: $(B)/boards/aarch64/roomy.o
$(B)/boards/aarch64-tight.elf: $(B)/boards/aarch64/tight.o
$(B)/boards/aarch64-calls.elf: $(B)/boards/aarch64/calls.o
$(B)/boards/aarch64-plain.elf: $(B)/boards/aarch64/plain.o
AARCH64_BOARD = $(patsubst %,$(B)/boards/aarch64/%.o,aarch64/start aarch64/machine aarch64/second kernel config demo smallest/memory)
$(B)/boards/aarch64-virt.elf $(B)/boards/aarch64-tight.elf $(B)/boards/aarch64-calls.elf $(B)/boards/aarch64-plain.elf: $(AARCH64_BOARD) \
	$(B)/freestanding-aarch64/libstubborn.a
$(B)/boards/aarch64-gdb.elf: $(B)/boards/aarch64/gdb_only.o $(AARCH64_BOARD) $(B)/freestanding-aarch64/libstubborn-plain.a
$(B)/boards/aarch64-virt.elf $(B)/boards/aarch64-tight.elf $(B)/boards/aarch64-calls.elf $(B)/boards/aarch64-plain.elf $(B)/boards/aarch64-gdb.elf: tests/boards/aarch64/link.ld
	$(AARCH64_CC) $(FIRMWARE_LINK) -T tests/boards/aarch64/link.ld -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(B)/boards/x86_64/%.o: tests/boards/%.c
	@mkdir -p $(@D)
	$(CC) $(FIRMWARE) -mgeneral-regs-only -mno-red-zone -fcf-protection=none -c -o $@ $<
$(B)/boards/x86_64/%.o: tests/boards/%.S
	@mkdir -p $(@D)
	$(CC) -g -MMD -MP -I. -c -o $@ $<
$(B)/boards/x86_64-pc.elf: $(B)/boards/x86_64/roomy.o
$(B)/boards/x86_64-tight.elf: $(B)/boards/x86_64/tight.o
$(B)/boards/x86_64-calls.elf: $(B)/boards/x86_64/calls.o
$(B)/boards/x86_64-plain.elf: $(B)/boards/x86_64/plain.o
X86_64_BOARD = $(patsubst %,$(B)/boards/x86_64/%.o,x86_64/start x86_64/machine x86_64/second kernel config demo smallest/memory)
$(B)/boards/x86_64-pc.elf $(B)/boards/x86_64-tight.elf $(B)/boards/x86_64-calls.elf $(B)/boards/x86_64-plain.elf: $(X86_64_BOARD) \
	$(B)/freestanding-x86_64/libstubborn.a
$(B)/boards/x86_64-gdb.elf: $(B)/boards/x86_64/gdb_only.o $(X86_64_BOARD) $(B)/freestanding-x86_64/libstubborn-plain.a
$(B)/boards/x86_64-pc.elf $(B)/boards/x86_64-tight.elf $(B)/boards/x86_64-calls.elf $(B)/boards/x86_64-plain.elf $(B)/boards/x86_64-gdb.elf: tests/boards/x86_64/link.ld
	$(CC) $(FIRMWARE_LINK) -no-pie -T tests/boards/x86_64/link.ld -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(B)/boards/smallest.elf: $(patsubst %,$(B)/boards/aarch64/smallest/%.o,start smallest memory) \
	$(B)/freestanding-aarch64/libstubborn.a tests/boards/smallest/link.ld
	$(AARCH64_CC) $(FIRMWARE_LINK) -T tests/boards/smallest/link.ld -o $@ $(filter %.o,$^) $(filter %.a,$^)
# What `load` puts into the boards' flash.
$(B)/boards/aarch64-virt-app.elf: $(B)/boards/aarch64/app.o tests/boards/app.ld
	$(AARCH64_CC) $(FIRMWARE_LINK) -Wl,--defsym=FLASH=0x4000000,--defsym=SECOND=0x40000 -T tests/boards/app.ld -o $@ $<
$(B)/boards/x86_64-pc-app.elf: $(B)/boards/x86_64/app.o tests/boards/app.ld
	$(CC) $(FIRMWARE_LINK) -no-pie -Wl,--defsym=FLASH=0x1000000,--defsym=SECOND=0x4000 -T tests/boards/app.ld -o $@ $<
boards: $(BOARDS) $(B)/boards/aarch64-virt-app.elf $(B)/boards/x86_64-pc-app.elf
$(B)/boards/line.elf: $(patsubst %,$(B)/boards/aarch64/%.o,aarch64/start aarch64/machine aarch64/second config roomy line smallest/memory) \
	$(B)/freestanding-aarch64/libstubborn.a tests/boards/aarch64/link.ld
	$(AARCH64_CC) $(FIRMWARE_LINK) -T tests/boards/aarch64/link.ld -o $@ $(filter %.o,$^) $(filter %.a,$^)

# ---- tests ----

# The same sources with AddressSanitizer and UndefinedBehaviorSanitizer, and once more by clang.
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TESTS = $(sort $(filter-out tests/demo.c tests/main_free.c,$(wildcard tests/*.c) \
	$(wildcard tests/rsp/*.c tests/arch/*.c tests/stub/*.c tests/unwind/*.c \
	tests/program/test_*.c tests/live/test_*.c tests/host/test_*.c tests/board/*.c tests/dbghelp/test_*.c tests/dump/test_*.c)))
UNDER_TEST = $(LIB) $(BOARD) $(LIVE) $(IMAGE) $(DBGHELP) $(HOST) $(filter-out stub/program/main.c,$(PROGRAM))
PROGS = $(patsubst tests/live/progs/%.c,$(B)/progs/%,$(wildcard tests/live/progs/*.c))

$(B)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(SANITIZE) -c -o $@ $<
$(B)/clang/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(OURS) -O1 -c -o $@ $<

$(B)/unit: $(TESTS:%.c=$(B)/obj/%.o) $(UNDER_TEST:%.c=$(B)/obj/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
$(B)/unit-san: $(TESTS:%.c=$(B)/san/%.o) $(UNDER_TEST:%.c=$(B)/san/%.o)
	$(CC) $(SANITIZE) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
# The suites that know of a plain build, on one.
ON_PLAIN = $(PLAIN) tests/stub/test_plain.c tests/stub/test_transcripts.c
$(B)/san-plain/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(SANITIZE) -DSTUB_PLAIN=1 -c -o $@ $<
$(B)/unit-plain: $(ON_PLAIN:%.c=$(B)/san-plain/%.o) $(patsubst %.c,$(B)/san/%.o,$(filter-out $(ON_PLAIN),$(TESTS) $(UNDER_TEST)))
	$(CC) $(SANITIZE) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
$(B)/stubborn-san: $(PROGRAM:%.c=$(B)/san/%.o) $(LIVE:%.c=$(B)/san/%.o) $(IMAGE:%.c=$(B)/san/%.o) $(HOST:%.c=$(B)/san/%.o) $(LIB:%.c=$(B)/san/%.o)
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS)
clang-objects: $(patsubst %.c,$(B)/clang/%.o,$(FREE) $(BOARD) stub/board/machine_x86_64.c) $(BULK:%.c=$(B)/clang/%.o) $(LIVE:%.c=$(B)/clang/%.o) $(IMAGE:%.c=$(B)/clang/%.o) $(HOST:%.c=$(B)/clang/%.o) \
	$(DBGHELP:%.c=$(B)/clang/%.o) $(PROGRAM:%.c=$(B)/clang/%.o) $(STATIC:%.c=$(B)/clang/%.o) \
	$(TESTS:%.c=$(B)/clang/%.o)

$(B)/progs/%: tests/live/progs/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) -D_GNU_SOURCE -Wall -Wextra -g -O0 -pthread -o $@ $<
$(B)/session: tests/live/session.c
	@mkdir -p $(@D)
	$(CC) $(STD) -D_GNU_SOURCE -Wall -Wextra -g -O0 -pthread -o $@ $<
$(B)/demo-program: tests/demo.c
	@mkdir -p $(@D)
	$(CC) $(STD) -D_GNU_SOURCE -Wall -Wextra -g -O0 -pthread -o $@ $<
$(B)/tools/%: tests/live/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) -D_GNU_SOURCE $(WARN) -I. -O2 -g -o $@ $<

check: deps-check  ## every test that takes less than six minutes
	@sh tests/check.sh quick
check-clients: deps-clients clients all $(B)/session  ## the scripted session in gdb 13, gdb 16, lldb 19, lldb 22
	@sh tests/check.sh clients
gdb-suite: deps-suites all  ## parts of GDB's own testsuite, this server beside gdbserver
	@sh tests/check.sh gdb-suite
lldb-suite: deps-suites all  ## parts of LLDB's own testsuite, this server beside lldb-server
	@sh tests/check.sh lldb-suite
check-package: deps-package static  ## what is packed: the static binary, the Debian packages
	@sh tests/check.sh package
check-all: deps-clients deps-suites deps-package clients static  ## everything, for as long as it takes
	@sh tests/check.sh all

clients: deps-clients  ## Debian trixie's gdb and lldb in a folder under build/
	@sh tests/clients/clients.sh $(B)/clients

check-boards: deps-boards boards  ## the stub inside firmware on QEMU's boards, gdb and lldb at its UART
	@sh tests/boards/check_boards.sh
board-demo: deps-boards boards  ## a real gdb at the UART of two boards in QEMU, the stub inside their firmware
	@sh tests/boards/demo.sh
board-demo-uart: deps-boards boards  ## a line for each board: NAME ELF COMMAND... with {sock} in it
	@sh tests/boards/uart.sh

roundtrips: deps-bench all  ## lldb's packets for each command, on this server and on lldb-server
	@sh tests/bench/roundtrips.sh
bench: deps-bench all  ## this server, gdbserver and lldb-server in one run
	@sh tests/bench/bench.sh
bench-threads: deps-bench all  ## the same beside them on a program of THREADS threads (default 1000), and memory
	@sh tests/bench/bench_threads.sh $${THREADS:-1000}
coverage: deps-bench  ## what share of line starts the server does itself, in code of gcc -O0 and -O2
	@sh tests/bench/coverage.sh
prove-emulation: deps-check $(B)/unit  ## N (default 1000000) random instructions done here and by the processor, N/10 moved
	@CK_RUN_SUITE=emulate EMULATE_CASES=$${N:-1000000} $(B)/unit
	@CK_RUN_SUITE=move MOVE_CASES=$$(($${N:-1000000} / 10)) $(B)/unit
bench-line: deps-boards all boards $(B)/boards/line.elf tools  ## sessions over a line that loses bytes, and the bytes they cost
	@sh tests/bench/line.sh $${SESSIONS:-100}
bench-unwind: deps-unwind all $(B)/bench_unwind $(B)/progs/depths  ## the walker, libunwind and libdwfl in one run; bt and eu-stack
	@sh tests/bench/bench_unwind.sh
accuracy: deps-check $(B)/accuracy $(B)/accuracy_aarch64  ## the walker against a shadow call stack, STEPS a program
	@sh tests/accuracy/accuracy.sh $${STEPS:-2000000}
fuzz: deps-fuzz  ## libFuzzer on every parser, MINUTES each (default 5)
	@sh tests/fuzz/fuzz.sh $${MINUTES:-5}m
size: deps-check freestanding  ## bytes of the freestanding set, of the engine's state, of its stack
	@sh tests/size.sh
demo: deps-demo $(B)/stubborn $(B)/demo-program  ## a real gdb (and lldb) session on a real program
	@sh tests/demo.sh
format:  ## clang-format over the whole house
	@clang-format -i $$(git ls-files '*.c' '*.h')

$(B)/accuracy: $(B)/obj/tests/accuracy/accuracy.o $(B)/obj/stub/image/image.o $(B)/libstubborn.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/accuracy_aarch64: $(B)/obj/tests/accuracy/accuracy_aarch64.o $(B)/libstubborn.a \
	$(B)/obj/stub/image/image.o $(patsubst %,$(B)/obj/stub/program/%.o,bt_peer net comm tty peer diag)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/libstubborn.a $(LIBS)

$(B)/bench_unwind: $(B)/obj/tests/bench/bench_unwind.o $(B)/obj/stub/image/image.o $(B)/libstubborn.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ldw -lunwind-ptrace -lunwind-generic -lunwind

$(B)/core_stack: $(B)/obj/tests/dbghelp/core_stack.o $(B)/libstubborn-dbghelp.a $(B)/libstubborn.a \
	$(patsubst %.c,$(B)/obj/%.o,$(wildcard stub/dump/*.c))
	@mkdir -p $(B)/obj/tests/examples
	$(CC) $(STD) $(WARN) -I. -Istub/dbghelp $(CFLAGS) -c -o $(B)/obj/tests/examples/stackwalk.o \
		tests/examples/stackwalk.c
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/obj/tests/examples/stackwalk.o \
		$(B)/libstubborn-dbghelp.a $(B)/libstubborn.a

progs: $(PROGS) $(B)/session $(B)/demo-program
$(B)/tools/line_prog: tests/bench/line_prog.c
	@mkdir -p $(@D)
	$(CC) $(STD) -Wall -Wextra -g -O0 -static -o $@ $<

tools: $(B)/tools/line_prog $(B)/tools/badline $(B)/tools/mutate $(B)/tools/ask $(B)/tools/vanish

# ---- what this machine lacks, through apt ----

deps:  ## installs the packages that building and testing need
	@sh tests/deps.sh check bench fuzz
deps-%:
	@sh tests/deps.sh $*

# ---- installing ----

PUBLIC = sed 's|^\#include "[a-z/]*/\([a-z]*\.h\)"|\#include <stubborn/\1>|'
install: all  ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(PREFIX)/include/stubborn $(DESTDIR)$(PREFIX)/include/stubborn-dbghelp \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man3
	install -m 755 $(B)/stubborn $(DESTDIR)$(PREFIX)/bin/stubborn
	for lib in libstubborn libstubborn-dbghelp; do \
		install -m 644 $(B)/$$lib.a $(DESTDIR)$(LIBDIR)/$$lib.a && \
		install -m 755 $(B)/$$lib.so $(DESTDIR)$(LIBDIR)/$$lib.so.$(VERSION) && \
		ln -sf $$lib.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$$lib.so.0 && \
		ln -sf $$lib.so.0 $(DESTDIR)$(LIBDIR)/$$lib.so || exit 1; done
	for pc in stubborn stubborn-dbghelp; do \
		sed -e 's|^prefix=.*|prefix=$(PREFIX)|' -e 's|^libdir=.*|libdir=$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
			$(B)/$$pc.pc > $(DESTDIR)$(LIBDIR)/pkgconfig/$$pc.pc || exit 1; done
	for h in $(WINDOWS_HEADERS); do \
		$(PUBLIC) $$h > $(DESTDIR)$(PREFIX)/include/stubborn-dbghelp/$${h##*/} || exit 1; done
	for h in $(HEADERS); do \
		$(PUBLIC) $$h > $(DESTDIR)$(PREFIX)/include/stubborn/$${h##*/} || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(ZSHDIR)
	$(B)/stubborn --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stubborn
	$(B)/stubborn --completion zsh > $(DESTDIR)$(ZSHDIR)/_stubborn
	install -m 644 $(MAN1) $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 $(MAN3) $(DESTDIR)$(PREFIX)/share/man/man3/

uninstall:  ## takes away what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/stubborn $(DESTDIR)$(LIBDIR)/libstubborn.* \
		$(DESTDIR)$(LIBDIR)/libstubborn-dbghelp.* $(DESTDIR)$(LIBDIR)/pkgconfig/stubborn.pc \
		$(DESTDIR)$(LIBDIR)/pkgconfig/stubborn-dbghelp.pc \
		$(DESTDIR)$(PREFIX)/share/man/man1/stubborn.1 $(DESTDIR)$(PREFIX)/share/man/man3/stubborn.3 \
		$(DESTDIR)$(PREFIX)/share/man/man3/stubborn-dbghelp.3
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stubborn \
		$(DESTDIR)$(ZSHDIR)/_stubborn
	rm -rf $(DESTDIR)$(PREFIX)/include/stubborn $(DESTDIR)$(PREFIX)/include/stubborn-dbghelp
# Built in a copy where debian/ stands at the top; DEB is the folder for copy and packages.
DEB = $(B)/deb
UNSET = -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CC -u CFLAGS -u CPPFLAGS -u LDFLAGS -u PREFIX -u LIBDIR -u DESTDIR
deb: deps-package  ## Debian packages, in build/deb/
	@rm -rf $(DEB)
	@mkdir -p $(DEB)/stubborn
	@tar -c Makefile LICENSE README.md rsp arch stub tests/examples | tar -x -C $(DEB)/stubborn
	@mv $(DEB)/stubborn/stub/program/debian $(DEB)/stubborn/debian
	@cd $(DEB)/stubborn && env $(UNSET) dpkg-buildpackage -b -uc -us >../build.log 2>&1 || \
		{ tail -n 20 ../build.log; exit 1; }
	@ls $(DEB)/*.deb

clean:  ## everything under build/ but the clients' folder
	@find $(B) -mindepth 1 -maxdepth 1 ! -name clients -exec rm -rf {} + 2>/dev/null || true

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## *\(.*\)/  \1\t\2/p' Makefile | expand -t 18

-include $(shell find $(B) -name '*.d' -not -path '$(B)/clients/*' -not -path '$(B)/suites/*' \
	-not -path '$(B)/deb/*' -not -path '$(B)/package/*' 2>/dev/null)
