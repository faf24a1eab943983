/* machine_aarch64.c - debug exceptions of AArch64 at EL1: what they say, and how breakpoints,
 * watchpoints and steps are armed (Arm ARM, "AArch64 Self-hosted Debug"). */
#include "arch/unwind/unwind.h"
#include "stub/board/internal.h"

/* trap_aarch64.S */
extern uint8_t stub_board_vectors[], stub_board_chains[];
void stub_board_keep_vectors(uint8_t *to);
void stub_board_put_vectors(const uint8_t *from);

const struct arch_layout stub_board_bare_layout = { .arch = &arch_aarch64 };
const struct arch_layout stub_board_layout = { .arch = &arch_aarch64,
                                               .features = ARCH_AARCH64_FPU };
const struct arch_places *const stub_board_places = &arch_aarch64_linux;
const size_t stub_board_entry_stack = 0;
const unsigned stub_board_argument = STUB_AARCH64_X0;
const struct unwind_machine *const stub_board_unwind = &unwind_aarch64;

/* Exception classes: ESR_EL1.EC. */
enum {
    EC_UNKNOWN = 0x00,
    EC_FLOATING = 0x07,
    EC_ILLEGAL_STATE = 0x0e,
    EC_CODE_ABORT = 0x21,
    EC_PC_ALIGNMENT = 0x22,
    EC_DATA_ABORT = 0x25,
    EC_SP_ALIGNMENT = 0x26,
    EC_BREAK_LOWER = 0x30,
    EC_BREAK = 0x31,
    EC_STEP_LOWER = 0x32,
    EC_STEP = 0x33,
    EC_WATCH_LOWER = 0x34,
    EC_WATCH = 0x35,
    EC_BRK = 0x3c
};
#define CLASS(ec) (UINT64_C(1) << (ec))

/* What a firmware sees of each fault as gdb's signals. */
static const struct {
    uint8_t ec, signal;
} faults[] = {
    { EC_UNKNOWN, 4 },     { EC_FLOATING, 4 },      { EC_ILLEGAL_STATE, 4 }, { EC_CODE_ABORT, 11 },
    { EC_DATA_ABORT, 11 }, { EC_PC_ALIGNMENT, 10 }, { EC_SP_ALIGNMENT, 10 },
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]), ALIGNMENT = 0x21, SIGNAL_BUS = 10 };

/* PSTATE and MDSCR_EL1. */
enum { PSTATE_F = 1 << 6, PSTATE_I = 1 << 7, PSTATE_D = 1 << 9, PSTATE_SS = 1 << 21 };
enum { PSTATE_MASKS = 0xf << 6, FOR_A_STEP = PSTATE_D | PSTATE_I | PSTATE_F };
enum { MDSCR_SS = 1 << 0, MDSCR_KDE = 1 << 13, MDSCR_MDE = 1 << 15 };

/* Of struct board's words for the machine. */
enum { PSTATE_BEFORE, STEPPED, RETURN_PC, RETURN_PSTATE, RETURN_KNOWN, UNMASKED };
enum { PC_KNOWN = 1, PSTATE_KNOWN = 2 };

#define READ_SYSTEM(name, value) __asm__ volatile("mrs %0, " name : "=r"(value))
#define WRITE_SYSTEM(name, value)                                                                 \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

static uint64_t
mdscr(void)
{
    uint64_t value;

    READ_SYSTEM("mdscr_el1", value);
    return value;
}

/* ---- registers ---- */

uint64_t
stub_board_pc(const struct board *b)
{
    return b->trap.words[STUB_AARCH64_PC];
}

void
stub_board_set_pc(struct board *b, uint64_t pc)
{
    b->trap.words[STUB_AARCH64_PC] = pc;
}

/* CPACR_EL1.FPEN: not trapped. */
static bool
has_floating(void)
{
    uint64_t access;

    READ_SYSTEM("cpacr_el1", access);
    return (access >> 20 & 3) == 3;
}

void
stub_board_save_rest(struct board *b)
{
    b->floating = has_floating();
    if (b->floating)
        stub_board_keep_vectors(b->trap.floating);
}

void
stub_board_load_rest(struct board *b)
{
    if (b->floating)
        stub_board_put_vectors(b->trap.floating);
}

/* ---- what an exception was ---- */

static enum trap_kind
take_fault(struct board *b, unsigned ec, struct stub_event *event)
{
    unsigned status = b->trap.cause & 0x3f;

    event->address = b->trap.address;
    for (unsigned i = 0; i < FAULTS; i++)
        if (faults[i].ec == ec)
            event->signal = faults[i].signal;
    if (ec == EC_DATA_ABORT && status == ALIGNMENT)
        event->signal = SIGNAL_BUS;
    return TRAP_FAULT;
}

enum trap_kind
stub_board_classify(struct board *b, struct stub_event *event)
{
    unsigned ec = (unsigned)(b->trap.cause >> 26 & 0x3f);

    switch (ec) {
    case EC_BRK:
        return TRAP_BREAK;
    case EC_STEP:
    case EC_STEP_LOWER:
        return TRAP_STEP;
    case EC_BREAK:
    case EC_BREAK_LOWER:
        return TRAP_HARDWARE;
    case EC_WATCH:
    case EC_WATCH_LOWER:
        event->address = b->trap.address;
        return TRAP_WATCH;
    default:
        return take_fault(b, ec, event);
    }
}

/* ---- stepping ---- */

static uint32_t
instruction_at(uint64_t pc)
{
    uint64_t value = 0;

    if ((pc & 3) != 0 || !stub_board_load(pc, 4, &value))
        return 0;
    return (uint32_t)value;
}

/* The step must not be taken by an interrupt, and its exception must not be masked. */
void
stub_board_arm_step(struct board *b)
{
    uint64_t *pstate = &b->trap.words[STUB_AARCH64_PSTATE];

    b->machine[PSTATE_BEFORE] = *pstate;
    b->machine[STEPPED] = instruction_at(stub_board_pc(b));
    *pstate |= PSTATE_SS | PSTATE_I | PSTATE_F;
    *pstate &= ~(uint64_t)PSTATE_D;
    WRITE_SYSTEM("mdscr_el1", mdscr() | MDSCR_SS | MDSCR_KDE | MDSCR_MDE);
}

/* The masks as the instruction leaves them when nobody steps it. */
static uint64_t
masks_after(struct board *b, uint32_t code)
{
    uint64_t before = b->machine[PSTATE_BEFORE] & PSTATE_MASKS;
    uint64_t now = b->trap.words[STUB_AARCH64_PSTATE] & PSTATE_MASKS;
    uint64_t bits = (uint64_t)(code >> 8 & 0xf) << 6;
    uint64_t *value = &b->trap.words[code & 0x1f];

    if ((code & 0xfffff0ff) == 0xd50340df) /* MSR DAIFSet, #imm */
        return before | bits;
    if ((code & 0xfffff0ff) == 0xd50340ff) /* MSR DAIFClr, #imm */
        return before & ~bits;
    if ((code & 0xffffffe0) == 0xd51b4220 || code == 0xd69f03e0) /* MSR DAIF, Xt; ERET */
        return now;
    if ((code & 0xffffffe0) == 0xd53b4220 && (code & 0x1f) != 31) /* MRS Xt, DAIF */
        *value = before;
    return (now & ~(uint64_t)FOR_A_STEP) | (before & FOR_A_STEP);
}

void
stub_board_end_step(struct board *b)
{
    unsigned ec = (unsigned)(b->trap.cause >> 26 & 0x3f);
    uint64_t *pstate = &b->trap.words[STUB_AARCH64_PSTATE];
    bool done = ec == EC_STEP || ec == EC_STEP_LOWER;
    uint64_t masks = masks_after(b, done ? (uint32_t)b->machine[STEPPED] : 0);

    *pstate = (*pstate & ~(uint64_t)(PSTATE_MASKS | PSTATE_SS)) | masks;
    WRITE_SYSTEM("mdscr_el1", mdscr() & ~(uint64_t)MDSCR_SS);
}

/* The end of a handler that is stepped. Every exception of the stub's own takes ELR_EL1 and
 * SPSR_EL1 away from a handler that has just filled them in to return, so from there on they are
 * kept here, and its ERET is done here too. */
static bool
emulate_return(struct board *b)
{
    uint64_t *words = b->trap.words;

    if (b->machine[RETURN_KNOWN] != (PC_KNOWN | PSTATE_KNOWN))
        return false;
    b->machine[RETURN_KNOWN] = 0;
    words[STUB_AARCH64_PC] = b->machine[RETURN_PC];
    words[STUB_AARCH64_PSTATE] = b->machine[RETURN_PSTATE];
    if ((words[STUB_AARCH64_PSTATE] & 1) == 0) { /* back on SP_EL0 */
        b->trap.entry_sp = words[STUB_AARCH64_SP];
        READ_SYSTEM("sp_el0", words[STUB_AARCH64_SP]);
    }
    return true;
}

/* MSR and MRS of the two. */
static bool
emulate_access(struct board *b, uint32_t code)
{
    unsigned number = code & 0x1f;
    bool is_pc = (code & 0x20) != 0, is_read = (code & 0x200000) != 0;
    uint64_t *kept = &b->machine[is_pc ? RETURN_PC : RETURN_PSTATE];
    uint64_t known = is_pc ? PC_KNOWN : PSTATE_KNOWN;

    if ((code & 0xffdfffc0) != 0xd5184000 || (is_read && (b->machine[RETURN_KNOWN] & known) == 0))
        return false;
    if (is_read && number != 31)
        b->trap.words[number] = *kept;
    if (!is_read)
        *kept = number != 31 ? b->trap.words[number] : 0;
    b->machine[RETURN_KNOWN] |= known;
    stub_board_set_pc(b, stub_board_pc(b) + 4);
    return true;
}

bool
stub_board_emulate(struct board *b)
{
    uint64_t pc = stub_board_pc(b);
    uint32_t code = instruction_at(pc);

    if (code == 0xd69f03e0) /* ERET */
        return emulate_return(b);
    if (code != 0xd503207f && code != 0xd503205f && /* WFI, WFE */
        (code & 0xffffffc0) != 0xd5031000)          /* WFIT, WFET */
        return emulate_access(b, code);
    stub_board_set_pc(b, pc + 4);
    return true;
}

bool
stub_board_must_step(const struct board *b)
{
    return b->machine[RETURN_KNOWN] != 0;
}

bool
stub_board_skip_break(struct board *b)
{
    uint64_t pc = stub_board_pc(b);

    if ((instruction_at(pc) & 0xffe0001f) != 0xd4200000) /* BRK */
        return false;
    stub_board_set_pc(b, pc + 4);
    return true;
}

/* ---- slots: register pairs whose number is part of the instruction ---- */

#define SLOT(kind, n, value, control)                                                             \
    case n:                                                                                       \
        WRITE_SYSTEM("dbg" kind "cr" #n "_el1", 0);                                               \
        WRITE_SYSTEM("dbg" kind "vr" #n "_el1", value);                                           \
        WRITE_SYSTEM("dbg" kind "cr" #n "_el1", control);                                         \
        break;
#define SLOTS(kind, number, value, control)                                                       \
    switch (number) {                                                                             \
        SLOT(kind, 0, value, control)                                                             \
        SLOT(kind, 1, value, control)                                                             \
        SLOT(kind, 2, value, control)                                                             \
        SLOT(kind, 3, value, control)                                                             \
        SLOT(kind, 4, value, control)                                                             \
        SLOT(kind, 5, value, control)                                                             \
        SLOT(kind, 6, value, control)                                                             \
        SLOT(kind, 7, value, control)                                                             \
        SLOT(kind, 8, value, control)                                                             \
        SLOT(kind, 9, value, control)                                                             \
        SLOT(kind, 10, value, control)                                                            \
        SLOT(kind, 11, value, control)                                                            \
        SLOT(kind, 12, value, control)                                                            \
        SLOT(kind, 13, value, control)                                                            \
        SLOT(kind, 14, value, control)                                                            \
        SLOT(kind, 15, value, control)                                                            \
    default:                                                                                      \
        break;                                                                                    \
    }

static void
set_break(unsigned number, uint64_t value, uint64_t control)
{
    SLOTS("b", number, value, control)
}

static void
set_watch(unsigned number, uint64_t value, uint64_t control)
{
    SLOTS("w", number, value, control)
}

/* DBGBCR and DBGWCR: enabled at EL1 and EL0. */
enum {
    ENABLED = 1,
    AT_EL1_AND_EL0 = 3 << 1,
    WHOLE_WORD = 0xf << 5,
    LOADS = 1 << 3,
    STORES = 2 << 3
};
enum { BYTES_AT = 5, MASK_AT = 24, WORD = 8 };

static bool
fits_a_word(uint64_t address, uint32_t length)
{
    return length > 0 && length <= WORD - (address & (WORD - 1));
}

static unsigned
log2_of(uint32_t v)
{
    unsigned n = 0;

    while (v > 1) {
        v /= 2;
        n++;
    }
    return n;
}

static void
arm_watch(unsigned number, const struct hard_point *point)
{
    uint64_t control = ENABLED | AT_EL1_AND_EL0, bytes = 0xff;

    if (point->type != STUB_POINT_WRITE)
        control |= LOADS;
    if (point->type != STUB_POINT_READ)
        control |= STORES;
    if (fits_a_word(point->address, point->length))
        bytes = ((UINT64_C(1) << point->length) - 1) << (point->address & (WORD - 1));
    else
        control |= (uint64_t)log2_of(point->length) << MASK_AT;
    set_watch(number, point->address & ~(uint64_t)(WORD - 1), control | bytes << BYTES_AT);
}

void
stub_board_arm_points(struct board *b, bool breaks, bool watches)
{
    bool any = false;

    for (unsigned i = 0; i < b->break_count; i++) {
        if (!breaks || !b->breaks[i].used)
            continue;
        set_break(i, b->breaks[i].address, ENABLED | AT_EL1_AND_EL0 | WHOLE_WORD);
        any = true;
    }
    for (unsigned i = 0; i < b->watch_count; i++) {
        if (!watches || !b->watches[i].used)
            continue;
        arm_watch(i, &b->watches[i]);
        any = true;
    }
    if (!any)
        return;
    b->machine[UNMASKED] = b->trap.words[STUB_AARCH64_PSTATE] & PSTATE_D;
    b->trap.words[STUB_AARCH64_PSTATE] &= ~(uint64_t)PSTATE_D;
    WRITE_SYSTEM("mdscr_el1", mdscr() | MDSCR_KDE | MDSCR_MDE);
}

/* A firmware that masks debug exceptions finds them masked at each stop, as it had them. */
void
stub_board_disarm_points(struct board *b)
{
    b->trap.words[STUB_AARCH64_PSTATE] |= b->machine[UNMASKED];
    b->machine[UNMASKED] = 0;
    for (unsigned i = 0; i < b->break_count; i++)
        if (b->breaks[i].used)
            set_break(i, 0, 0);
    for (unsigned i = 0; i < b->watch_count; i++)
        if (b->watches[i].used)
            set_watch(i, 0, 0);
}

bool
stub_board_can_break(uint64_t address)
{
    return (address & 3) == 0;
}

bool
stub_board_can_watch(uint64_t address, uint32_t length)
{
    bool power = length >= WORD && length <= UINT32_C(1) << 31 && (length & (length - 1)) == 0;

    return fits_a_word(address, length) || (power && (address & (length - 1)) == 0);
}

bool
stub_board_can_watch_reads(void)
{
    return true;
}

bool
stub_board_slots_suffice(struct board *b)
{
    (void)b;
    return true;
}

/* ---- code ---- */

void
stub_board_code_changed(uint64_t address, size_t size)
{
    uint64_t type, line, end = address + size;

    READ_SYSTEM("ctr_el0", type);
    line = UINT64_C(4) << (type >> 16 & 0xf);
    for (uint64_t at = address & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    line = UINT64_C(4) << (type & 0xf);
    for (uint64_t at = address & ~(line - 1); at < end; at += line)
        __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

/* ---- taking over ---- */

/* The branch that ends one of the chains: to the same entry of the vectors that were there. What
 * lies too far away, or nowhere, is never reached: the chain is left as it is, a standstill. */
static void
chain(unsigned entry, uint64_t vectors)
{
    enum { ENTRY_SIZE = 128, CHAIN_SIZE = 16, BRANCH_AT = 8, REACH = 1 << 27 };
    uint64_t at = (uint64_t)(uintptr_t)stub_board_chains + entry * CHAIN_SIZE + BRANCH_AT;
    int64_t away = (int64_t)(vectors + entry * ENTRY_SIZE - at);

    if (away < -REACH || away >= REACH)
        return;
    if (stub_board_store(at, 4, 0x14000000 | (uint32_t)((uint64_t)away >> 2 & 0x3ffffff)))
        stub_board_code_changed(at, 4);
}

static uint64_t
mask_all(void)
{
    uint64_t masks;

    READ_SYSTEM("daif", masks);
    __asm__ volatile("msr daifset, #15" : : : "memory");
    return masks;
}

/* Each store may fault, and is survived as one of the stub's own. */
static void
chain_all(struct board *b, uint64_t vectors)
{
    uint64_t low = b->trap.stack_low, size = b->trap.stack_size;

    b->trap.stack_low = 0;
    b->trap.stack_size = UINT64_MAX;
    for (unsigned i = 0; i < 16; i++)
        chain(i, vectors);
    b->trap.stack_low = low;
    b->trap.stack_size = size;
}

static void
set_up_slots(struct board *b)
{
    uint64_t features;

    READ_SYSTEM("id_aa64dfr0_el1", features);
    b->break_count = (uint8_t)((features >> 12 & 0xf) + 1);
    b->watch_count = (uint8_t)((features >> 20 & 0xf) + 1);
    for (unsigned i = 0; i < b->break_count; i++)
        set_break(i, 0, 0);
    for (unsigned i = 0; i < b->watch_count; i++)
        set_watch(i, 0, 0);
    WRITE_SYSTEM("oslar_el1", 0);
    WRITE_SYSTEM("mdscr_el1", (mdscr() & ~(uint64_t)MDSCR_SS) | MDSCR_KDE | MDSCR_MDE);
}

bool
stub_board_take_over(struct board *b)
{
    uint64_t level, old, ours = (uint64_t)(uintptr_t)stub_board_vectors, masks;

    READ_SYSTEM("currentel", level);
    if (level >> 2 != 1)
        return false;
    for (unsigned i = 0; i < FAULTS; i++)
        b->trap.ours |= CLASS(faults[i].ec);
    b->trap.ours |= CLASS(EC_BREAK) | CLASS(EC_BREAK_LOWER) | CLASS(EC_STEP) |
                    CLASS(EC_STEP_LOWER) | CLASS(EC_WATCH) | CLASS(EC_WATCH_LOWER) | CLASS(EC_BRK);
    b->trap.ours &= ~b->settings.leave;
    b->trap.look = b->settings.interrupt;
    masks = mask_all();
    READ_SYSTEM("vbar_el1", old);
    WRITE_SYSTEM("vbar_el1", ours);
    if (old != ours)
        chain_all(b, old);
    set_up_slots(b);
    WRITE_SYSTEM("daif", masks);
    return true;
}
