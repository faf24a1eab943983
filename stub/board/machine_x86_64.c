/* machine_x86_64.c - debug exceptions of x86-64: what they say, and how breakpoints, watchpoints
 * and steps are armed (Intel SDM volume 3, "Debug, Branch Profile, TSC"). */
#include "arch/unwind/unwind.h"
#include "stub/board/internal.h"

#include <string.h>

/* trap_x86_64.S */
extern uint8_t stub_board_gates[], stub_board_interrupted[];

const struct arch_layout stub_board_layout = { .arch = &arch_x86_64,
                                               .features = ARCH_X86_64_SEGMENTS };
/* gdb takes no x86-64 without floating point: disabled, its registers are unavailable. */
const struct arch_layout stub_board_bare_layout = { .arch = &arch_x86_64,
                                                    .features = ARCH_X86_64_SEGMENTS };
const struct arch_places *const stub_board_places = &arch_x86_64_linux;
/* The CPU pushes on it, then the way back is laid on it. */
const size_t stub_board_entry_stack = 512;
const unsigned stub_board_argument = STUB_X86_64_RDI;
const struct unwind_machine *const stub_board_unwind = &unwind_x86_64;

/* Vectors, and what a firmware sees of each fault as gdb's signals. */
enum { VECTOR_DEBUG = 1, VECTOR_BREAK = 3, VECTOR_PAGE = 14, GATES = 32, GATE_SIZE = 16 };
static const struct {
    uint8_t vector, signal;
} faults[] = {
    { 0, 8 },   { 4, 11 },  { 5, 11 },           { 6, 4 },
    { 7, 8 },   { 8, 11 },  { 10, 11 },          { 11, 11 },
    { 12, 11 }, { 13, 11 }, { VECTOR_PAGE, 11 }, { 16, 8 },
    { 17, 10 }, { 19, 8 },
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

/* RFLAGS, DR6, DR7. */
enum { FLAG_TF = 1 << 8, FLAG_IF = 1 << 9 };
enum { DR6_STEP = 1 << 14, DR7_NOTHING = 1 << 10, DR7_EXACT = 1 << 9, SLOTS = 4 };
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u

/* Of struct board's words for the machine. */
enum { FLAGS_BEFORE, STEPPED, FS_BASE, GS_BASE };

/* ---- registers ---- */

static uint64_t
read_msr(uint32_t number)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static void
write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

uint64_t
stub_board_pc(const struct board *b)
{
    return b->trap.words[STUB_X86_64_RIP];
}

void
stub_board_set_pc(struct board *b, uint64_t pc)
{
    b->trap.words[STUB_X86_64_RIP] = pc;
}

/* CR0: neither emulated nor for another task; CR4: FXSAVE is enabled. */
static bool
has_floating(void)
{
    enum { EMULATED = 1 << 2, SWITCHED = 1 << 3, FXSAVE = 1 << 9 };
    uint64_t cr0, cr4;

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    return (cr0 & (EMULATED | SWITCHED)) == 0 && (cr4 & FXSAVE) != 0;
}

void
stub_board_save_rest(struct board *b)
{
    b->floating = has_floating();
    if (b->floating)
        __asm__ volatile("fxsave64 %0" : "=m"(b->trap.floating));
    b->trap.words[STUB_X86_64_FS_BASE] = b->machine[FS_BASE] = read_msr(MSR_FS_BASE);
    b->trap.words[STUB_X86_64_GS_BASE] = b->machine[GS_BASE] = read_msr(MSR_GS_BASE);
}

void
stub_board_load_rest(struct board *b)
{
    if (b->floating)
        __asm__ volatile("fxrstor64 %0" : : "m"(b->trap.floating));
    if (b->trap.words[STUB_X86_64_FS_BASE] != b->machine[FS_BASE])
        write_msr(MSR_FS_BASE, b->trap.words[STUB_X86_64_FS_BASE]);
    if (b->trap.words[STUB_X86_64_GS_BASE] != b->machine[GS_BASE])
        write_msr(MSR_GS_BASE, b->trap.words[STUB_X86_64_GS_BASE]);
}

/* ---- debug registers ---- */

static uint64_t
read_dr6(void)
{
    uint64_t value;

    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    return value;
}

static void
write_dr7(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr7" : : "r"(value) : "memory");
}

static void
write_address(unsigned slot, uint64_t address)
{
    switch (slot) {
    case 0:
        __asm__ volatile("mov %0, %%dr0" : : "r"(address));
        break;
    case 1:
        __asm__ volatile("mov %0, %%dr1" : : "r"(address));
        break;
    case 2:
        __asm__ volatile("mov %0, %%dr2" : : "r"(address));
        break;
    default:
        __asm__ volatile("mov %0, %%dr3" : : "r"(address));
        break;
    }
}

/* Breakpoints and watchpoints share the four slots: those in use, one after the other. */
static struct hard_point *
point_in(struct board *b, unsigned slot)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->breaks[i].used && slot-- == 0)
            return &b->breaks[i];
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->watches[i].used && slot-- == 0)
            return &b->watches[i];
    return NULL;
}

bool
stub_board_slots_suffice(struct board *b)
{
    return point_in(b, SLOTS) == NULL;
}

static uint64_t
control_of(const struct hard_point *point, unsigned slot)
{
    enum { ON_WRITE = 1, ON_ACCESS = 3, LENGTH_4 = 3, LENGTH_8 = 2 };
    uint64_t kind = 0, length = 0;

    if (point->type >= STUB_POINT_WRITE) {
        kind = point->type == STUB_POINT_WRITE ? ON_WRITE : ON_ACCESS;
        length = point->length == 8 ? LENGTH_8 : point->length == 4 ? LENGTH_4 : point->length - 1;
    }
    return UINT64_C(2) << 2 * slot | (kind | length << 2) << (16 + 4 * slot);
}

void
stub_board_arm_points(struct board *b, bool breaks, bool watches)
{
    uint64_t control = DR7_NOTHING | DR7_EXACT;
    const struct hard_point *point;

    for (unsigned i = 0; i < SLOTS && (point = point_in(b, i)) != NULL; i++) {
        if (point->type >= STUB_POINT_WRITE ? !watches : !breaks)
            continue;
        write_address(i, point->address);
        control |= control_of(point, i);
    }
    write_dr7(control);
}

void
stub_board_disarm_points(struct board *b)
{
    (void)b;
    write_dr7(DR7_NOTHING);
}

bool
stub_board_can_break(uint64_t address)
{
    (void)address;
    return true;
}

bool
stub_board_can_watch(uint64_t address, uint32_t length)
{
    return (length == 1 || length == 2 || length == 4 || length == 8) &&
           (address & (length - 1)) == 0;
}

bool
stub_board_can_watch_reads(void)
{
    return false;
}

/* ---- what an exception was ---- */

static enum trap_kind
take_debug(struct board *b, struct stub_event *event)
{
    uint64_t what = read_dr6();

    __asm__ volatile("mov %0, %%dr6" : : "r"(UINT64_C(0xffff0ff0)));
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct hard_point *point = (what >> i & 1) != 0 ? point_in(b, i) : NULL;

        if (point == NULL)
            continue;
        event->address = point->address;
        return point->type >= STUB_POINT_WRITE ? TRAP_WATCH : TRAP_HARDWARE;
    }
    return (what & DR6_STEP) != 0 ? TRAP_STEP : TRAP_NOTHING;
}

/* The PC is behind the instruction: a breakpoint of the client's is put back under it. */
static enum trap_kind
take_breakpoint(struct board *b)
{
    uint64_t pc = stub_board_pc(b);

    if (stub_board_soft_at(b, pc - 1) != NULL)
        stub_board_set_pc(b, pc - 1);
    return TRAP_BREAK;
}

enum trap_kind
stub_board_classify(struct board *b, struct stub_event *event)
{
    if (b->trap.cause == VECTOR_DEBUG)
        return take_debug(b, event);
    if (b->trap.cause == VECTOR_BREAK)
        return take_breakpoint(b);
    for (unsigned i = 0; i < FAULTS; i++)
        if (faults[i].vector == b->trap.cause)
            event->signal = faults[i].signal;
    if (b->trap.cause == VECTOR_PAGE)
        event->address = b->trap.address;
    return TRAP_FAULT;
}

/* ---- stepping ---- */

enum {
    PUSHF = 0x9c,
    POPF = 0x9d,
    IRET = 0xcf,
    IRETQ = 0xcf48,
    CLI = 0xfa,
    STI = 0xfb,
    HLT = 0xf4
};

static unsigned
code_at(uint64_t pc)
{
    uint64_t first = 0, second = 0;

    if (stub_board_load(pc, 1, &first))
        (void)stub_board_load(pc + 1, 1, &second);
    return (unsigned)(first == 0x48 ? second << 8 | first : first);
}

void
stub_board_arm_step(struct board *b)
{
    uint64_t *flags = &b->trap.words[STUB_X86_64_EFLAGS];

    b->machine[FLAGS_BEFORE] = *flags;
    b->machine[STEPPED] = code_at(stub_board_pc(b));
    *flags = (*flags | FLAG_TF) & ~(uint64_t)FLAG_IF;
}

/* PUSHF has shown the firmware the flags as they are for the step. */
static void
mend_pushed(struct board *b)
{
    uint64_t at = b->trap.words[STUB_X86_64_RSP], pushed;

    if (!stub_board_load(at, 8, &pushed))
        return;
    pushed &= ~(uint64_t)(FLAG_TF | FLAG_IF);
    pushed |= b->machine[FLAGS_BEFORE] & (FLAG_TF | FLAG_IF);
    (void)stub_board_store(at, 8, pushed);
}

void
stub_board_end_step(struct board *b)
{
    uint64_t *flags = &b->trap.words[STUB_X86_64_EFLAGS];
    uint64_t enabled = b->machine[FLAGS_BEFORE] & FLAG_IF;
    bool done = b->trap.cause == VECTOR_DEBUG && (read_dr6() & DR6_STEP) != 0;

    switch (done ? b->machine[STEPPED] : 0) {
    case CLI:
        enabled = 0;
        break;
    case STI:
        enabled = FLAG_IF;
        break;
    case POPF:
    case IRET:
    case IRETQ:
        enabled = *flags & FLAG_IF;
        break;
    case PUSHF:
        mend_pushed(b);
        break;
    default:
        break;
    }
    *flags = (*flags & ~(uint64_t)(FLAG_TF | FLAG_IF)) | enabled;
}

/* HLT waits for an interrupt, which is masked while it is stepped. */
bool
stub_board_emulate(struct board *b)
{
    uint64_t pc = stub_board_pc(b);

    if (code_at(pc) != HLT)
        return false;
    stub_board_set_pc(b, pc + 1);
    return true;
}

bool
stub_board_must_step(const struct board *b)
{
    (void)b;
    return false;
}

/* The PC is behind it already. */
bool
stub_board_skip_break(struct board *b)
{
    (void)b;
    return false;
}

/* This CPU sees what is written to code. */
void
stub_board_code_changed(uint64_t address, size_t size)
{
    (void)address;
    (void)size;
}

/* ---- taking over ---- */

struct table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* struct board's tables: our own where the firmware has none. */
enum { IDT_AT = 0, IDT_SIZE = GATES * GATE_SIZE, TSS_AT = IDT_AT + IDT_SIZE, TSS_SIZE = 104 };
enum { GDT_AT = TSS_AT + TSS_SIZE, GDT_SIZE = 128, DESCRIPTOR = 8 };
enum { TSS_IST7 = 84, IST = 7, IO_MAP_AT = 102 };
_Static_assert(GDT_AT + GDT_SIZE <= sizeof(((struct board *)0)->tables), "tables");

static uint64_t
load_word(const uint8_t *from, size_t size)
{
    return arch_get_uint(&arch_x86_64, from, size);
}

static void
store_word(uint8_t *to, size_t size, uint64_t value)
{
    arch_put_uint(&arch_x86_64, to, size, value);
}

static uint8_t *
memory_at(uint64_t address)
{
    return (uint8_t *)(uintptr_t)address;
}

static uint64_t
base_of_tss(const uint8_t *descriptor)
{
    return load_word(descriptor + 2, 2) | load_word(descriptor + 4, 1) << 16 |
           load_word(descriptor + 7, 1) << 24 | load_word(descriptor + 8, 4) << 32;
}

/* A task state segment for the sake of its stack table, behind a copy of the firmware's GDT. False
 * when that is too long: exceptions then go on the stack that is in use. */
static bool
make_tss(struct board *b, const struct table *gdt)
{
    uint8_t *tss = b->tables + TSS_AT, *copy = b->tables + GDT_AT, *descriptor;
    size_t size = (size_t)gdt->limit + 1;
    uint64_t base = (uint64_t)(uintptr_t)tss;
    struct table ours = { .base = (uint64_t)(uintptr_t)copy };

    if (size + 2 * DESCRIPTOR > GDT_SIZE)
        return false;
    memcpy(copy, memory_at(gdt->base), size);
    size = (size + DESCRIPTOR - 1) / DESCRIPTOR * DESCRIPTOR;
    descriptor = copy + size;
    ours.limit = (uint16_t)(size + 2 * DESCRIPTOR - 1);
    store_word(tss + IO_MAP_AT, 2, TSS_SIZE);
    store_word(tss + TSS_IST7, 8, b->trap.exit);
    store_word(descriptor, 2, TSS_SIZE - 1);
    store_word(descriptor + 2, 2, base);
    store_word(descriptor + 4, 4, (base >> 16 & 0xff) | 0x8900 | (base & 0xff000000));
    store_word(descriptor + 8, 8, base >> 32);
    __asm__ volatile("lgdt %0" : : "m"(ours));
    __asm__ volatile("ltr %w0" : : "r"(size));
    return true;
}

/* The number of the stack that gates may name, or 0. */
static unsigned
provide_stack(struct board *b)
{
    struct table gdt;
    uint16_t task;

    __asm__ volatile("sgdt %0" : "=m"(gdt));
    __asm__ volatile("str %0" : "=r"(task));
    if (task == 0)
        return make_tss(b, &gdt) ? IST : 0;
    store_word(memory_at(base_of_tss(memory_at(gdt.base + (task & ~7u)))) + TSS_IST7, 8,
               b->trap.exit);
    return IST;
}

static void
set_gate(uint8_t *gate, uint64_t handler, unsigned stack)
{
    enum { INTERRUPT_GATE = 0x8e };
    uint16_t code;

    __asm__ volatile("mov %%cs, %0" : "=r"(code));
    store_word(gate, 2, handler);
    store_word(gate + 2, 2, code);
    store_word(gate + 4, 1, stack);
    store_word(gate + 5, 1, INTERRUPT_GATE);
    store_word(gate + 6, 2, handler >> 16);
    store_word(gate + 8, 8, handler >> 32);
}

/* All but where it leads stays as the firmware has it. */
static void
look_at(struct board *b, const struct table *idt)
{
    uint64_t ours = (uint64_t)(uintptr_t)stub_board_interrupted, old;
    uint8_t *gate = memory_at(idt->base) + b->settings.interrupt * GATE_SIZE;

    if (b->settings.interrupt < GATES || (b->settings.interrupt + 1) * GATE_SIZE - 1 > idt->limit)
        return;
    old = load_word(gate, 2) | load_word(gate + 6, 6) << 16;
    if (old == 0 || old == ours)
        return;
    b->trap.old = old;
    store_word(gate + 8, 8, ours >> 32);
    store_word(gate + 6, 2, ours >> 16);
    store_word(gate, 2, ours);
}

bool
stub_board_take_over(struct board *b)
{
    struct table idt;
    uint64_t flags;
    unsigned stack;

    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    b->break_count = b->watch_count = SLOTS;
    for (unsigned i = 0; i < FAULTS; i++)
        b->trap.ours |= UINT64_C(1) << faults[i].vector;
    b->trap.ours |= 1u << VECTOR_DEBUG | 1u << VECTOR_BREAK;
    b->trap.ours &= ~b->settings.leave;
    stack = provide_stack(b);
    __asm__ volatile("sidt %0" : "=m"(idt));
    if (idt.limit < IDT_SIZE - 1)
        idt = (struct table){ IDT_SIZE - 1, (uint64_t)(uintptr_t)(b->tables + IDT_AT) };
    for (unsigned i = 0; i < GATES; i++)
        if ((b->trap.ours >> i & 1) != 0)
            set_gate(memory_at(idt.base) + i * GATE_SIZE,
                     (uint64_t)(uintptr_t)stub_board_gates + i * GATE_SIZE, stack);
    look_at(b, &idt);
    __asm__ volatile("lidt %0" : : "m"(idt));
    write_dr7(DR7_NOTHING);
    if ((flags & FLAG_IF) != 0)
        __asm__ volatile("sti" : : : "memory");
    return true;
}
