/* dbghelp.c - a step of StackWalk64: registers out of Windows' CONTEXT, one frame on, and back.
 * What a walk must remember between two calls lies in the frame's Reserved words. */
#include "arch/unwind/dbghelp.h"

#include <string.h>

/* Layouts: winnt.h and dbghelp.h of the Windows SDK, for hosts of 64 bits. */
_Static_assert(sizeof(AMD64_CONTEXT) == 1232, "AMD64 CONTEXT");
_Static_assert(offsetof(AMD64_CONTEXT, ContextFlags) == 0x30, "AMD64 ContextFlags");
_Static_assert(offsetof(AMD64_CONTEXT, EFlags) == 0x44, "AMD64 EFlags");
_Static_assert(offsetof(AMD64_CONTEXT, Dr0) == 0x48, "AMD64 Dr0");
_Static_assert(offsetof(AMD64_CONTEXT, Rax) == 0x78, "AMD64 Rax");
_Static_assert(offsetof(AMD64_CONTEXT, R15) == 0xf0, "AMD64 R15");
_Static_assert(offsetof(AMD64_CONTEXT, Rip) == 0xf8, "AMD64 Rip");
_Static_assert(offsetof(AMD64_CONTEXT, FltSave) == 0x100, "AMD64 FltSave");
_Static_assert(offsetof(AMD64_CONTEXT, VectorRegister) == 0x300, "AMD64 VectorRegister");
_Static_assert(offsetof(AMD64_CONTEXT, LastExceptionFromRip) == 0x4c8, "AMD64 last word");
_Static_assert(sizeof(ARM64_NT_CONTEXT) == 912, "ARM64 CONTEXT");
_Static_assert(offsetof(ARM64_NT_CONTEXT, X) == 8, "ARM64 X");
_Static_assert(offsetof(ARM64_NT_CONTEXT, Sp) == 0x100, "ARM64 Sp");
_Static_assert(offsetof(ARM64_NT_CONTEXT, Pc) == 0x108, "ARM64 Pc");
_Static_assert(offsetof(ARM64_NT_CONTEXT, V) == 0x110, "ARM64 V");
_Static_assert(offsetof(ARM64_NT_CONTEXT, Bcr) == 0x318, "ARM64 Bcr");
_Static_assert(offsetof(ARM64_NT_CONTEXT, Wvr) == 0x380, "ARM64 Wvr");
_Static_assert(sizeof(ADDRESS64) == 16, "ADDRESS64");
_Static_assert(sizeof(KDHELP64) == 112, "KDHELP64");
_Static_assert(sizeof(void *) != 8 || sizeof(STACKFRAME64) == 264, "STACKFRAME64");
_Static_assert(sizeof(void *) != 8 || offsetof(STACKFRAME64, Reserved) == 128, "Reserved");
_Static_assert(sizeof(STACKFRAME_EX) == sizeof(STACKFRAME64) + 8, "STACKFRAME_EX");
_Static_assert(offsetof(STACKFRAME_EX, StackFrameSize) == sizeof(STACKFRAME64), "one begins as "
                                                                                "the other");

/* ---- contexts ---- */

enum { CONTROL = CONTEXT_PART_CONTROL, INTEGER = CONTEXT_PART_INTEGER, MACHINES = 0xff0000 };

/* Registers that lie one after the other, in DWARF's order. */
struct run {
    uint8_t first, count, part;
    uint16_t offset;
};

#define AMD64(name) offsetof(AMD64_CONTEXT, name)
static const struct run amd64[] = {
    { 0, 1, INTEGER, AMD64(Rax) }, { 1, 1, INTEGER, AMD64(Rdx) }, { 2, 1, INTEGER, AMD64(Rcx) },
    { 3, 1, INTEGER, AMD64(Rbx) }, { 4, 2, INTEGER, AMD64(Rsi) }, { 6, 1, INTEGER, AMD64(Rbp) },
    { 7, 1, CONTROL, AMD64(Rsp) }, { 8, 8, INTEGER, AMD64(R8) },  { 16, 1, CONTROL, AMD64(Rip) },
};
static const struct run arm64[] = {
    { 0, 29, INTEGER, offsetof(ARM64_NT_CONTEXT, X) },
    { 29, 4, CONTROL, offsetof(ARM64_NT_CONTEXT, Fp) },
};

static const struct machine {
    DWORD type, flag;
    const struct unwind_machine *unwind;
    const struct run *runs;
    uint8_t run_count, pc, sp, fp;
    uint16_t flags_at;
} machines[] = {
    { IMAGE_FILE_MACHINE_AMD64, CONTEXT_AMD64, &unwind_x86_64, amd64,
      sizeof(amd64) / sizeof(amd64[0]), UNWIND_X86_64_RIP, UNWIND_X86_64_RSP, UNWIND_X86_64_RBP,
      AMD64(ContextFlags) },
    { IMAGE_FILE_MACHINE_ARM64, CONTEXT_ARM64, &unwind_aarch64, arm64,
      sizeof(arm64) / sizeof(arm64[0]), UNWIND_AARCH64_PC, UNWIND_AARCH64_SP, UNWIND_AARCH64_FP,
      offsetof(ARM64_NT_CONTEXT, ContextFlags) },
};

static const struct machine *
find_machine(DWORD type)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].type == type)
            return &machines[i];
    return NULL;
}

const struct unwind_machine *
unwind_machine_of(DWORD type)
{
    const struct machine *m = find_machine(type);

    return m != NULL ? m->unwind : NULL;
}

bool
unwind_get_context(DWORD type, const void *context, struct unwind_registers *registers)
{
    const struct machine *m = find_machine(type);
    DWORD flags;

    registers->valid = 0;
    if (m == NULL)
        return false;
    memcpy(&flags, (const uint8_t *)context + m->flags_at, sizeof(flags));
    if ((flags & MACHINES) == 0)
        flags = CONTROL | INTEGER;
    else if ((flags & MACHINES) != m->flag)
        return false;
    for (unsigned i = 0; i < m->run_count; i++) {
        const struct run *r = &m->runs[i];

        memcpy(&registers->value[r->first], (const uint8_t *)context + r->offset, 8u * r->count);
        if ((flags & r->part) != 0)
            registers->valid |= (((uint64_t)1 << r->count) - 1) << r->first;
    }
    return true;
}

void
unwind_put_context(DWORD type, void *context, const struct unwind_registers *registers)
{
    const struct machine *m = find_machine(type);
    DWORD flags;

    if (m == NULL)
        return;
    memcpy(&flags, (uint8_t *)context + m->flags_at, sizeof(flags));
    flags |= m->flag | CONTROL | INTEGER;
    memcpy((uint8_t *)context + m->flags_at, &flags, sizeof(flags));
    for (unsigned i = 0; i < m->run_count; i++) {
        const struct run *r = &m->runs[i];

        for (unsigned n = r->first; n < (unsigned)r->first + r->count; n++) {
            bool known = (registers->valid >> n & 1) != 0;
            uint64_t v = known ? registers->value[n] : 0;

            memcpy((uint8_t *)context + r->offset + 8 * (n - r->first), &v, 8);
        }
    }
}

/* ---- the state of a walk ---- */

enum { STAGE = 48, REASON = 50, TAG = 33 };
enum stage { FRESH, BEGUN, OVER };

static enum stage
stage_of(const STACKFRAME64 *frame)
{
    return (enum stage)(frame->Reserved[1] >> STAGE & 3);
}

static void
set_end(STACKFRAME64 *frame, const struct unwind_end *end)
{
    frame->Reserved[0] = end->address;
    frame->Reserved[1] = (DWORD64)OVER << STAGE | (DWORD64)end->reason << REASON;
}

void
unwind_stackwalk_end(const STACKFRAME64 *frame, struct unwind_end *end)
{
    *end = (struct unwind_end){ UNWIND_RUNNING, 0, 0 };
    if (stage_of(frame) != OVER)
        return;
    end->reason = (enum unwind_reason)(frame->Reserved[1] >> REASON & 15);
    end->address = frame->Reserved[0];
}

bool
unwind_stackwalk_begun(const STACKFRAME64 *frame)
{
    return stage_of(frame) != FRESH;
}

uint32_t
unwind_stackwalk_tag(const STACKFRAME64 *frame)
{
    return (uint32_t)(frame->Reserved[2] >> TAG);
}

void
unwind_stackwalk_set_tag(STACKFRAME64 *frame, uint32_t tag)
{
    frame->Reserved[2] &= ((DWORD64)1 << TAG) - 1;
    frame->Reserved[2] |= (DWORD64)tag << TAG;
}

/* ---- a step ---- */

/* The context is the truth; what it does not have, the frame may. */
static void
complete(const struct machine *m, const STACKFRAME64 *frame, struct unwind_registers *r)
{
    const struct {
        uint8_t n;
        uint64_t value;
    } said[] = { { m->pc, frame->AddrPC.Offset },
                 { m->sp, frame->AddrStack.Offset },
                 { m->fp, frame->AddrFrame.Offset } };

    for (unsigned i = 0; i < 3; i++) {
        bool known = (r->valid >> said[i].n & 1) != 0 && r->value[said[i].n] != 0;

        if (known || said[i].value == 0)
            continue;
        r->value[said[i].n] = said[i].value;
        r->valid |= (uint64_t)1 << said[i].n;
    }
}

static ADDRESS64
flat(uint64_t offset)
{
    return (ADDRESS64){ .Offset = offset, .Mode = AddrModeFlat };
}

static void
fill(const struct machine *m, STACKFRAME64 *out, const struct unwind_frame *f)
{
    bool has_fp = (f->registers.valid >> m->fp & 1) != 0;
    uint64_t fp = has_fp ? f->registers.value[m->fp] : 0;

    if (m->type == IMAGE_FILE_MACHINE_AMD64 && f->cfa != 0)
        fp = f->cfa - 16;
    out->AddrPC = flat(f->pc);
    out->AddrStack = flat(f->registers.value[m->sp]);
    out->AddrFrame = flat(fp);
    out->AddrBStore = flat(0);
    out->FuncTableEntry = NULL;
    memset(out->Params, 0, sizeof(out->Params));
    out->Far = out->Virtual = FALSE;
}

/* The frame to hand out: the context's own at first, later the caller of it. */
static const struct unwind_frame *
step(struct unwind *u, const struct machine *m, const STACKFRAME64 *frame,
     struct unwind_registers *r, const struct unwind_place *place)
{
    if (stage_of(frame) == BEGUN) {
        unwind_resume(u, r, place);
        return unwind_next(u) != NULL ? unwind_next(u) : NULL;
    }
    complete(m, frame, r);
    unwind_begin_again(u, r);
    return unwind_next(u);
}

bool
unwind_stackwalk(struct unwind *u, DWORD type, STACKFRAME64 *frame, void *context)
{
    const struct machine *m = find_machine(type);
    struct unwind_place place = { frame->Reserved[0], frame->Reserved[1], frame->Reserved[2] };
    STACKFRAME64 next = *frame;
    struct unwind_registers r;
    const struct unwind_frame *f;

    if (stage_of(frame) == OVER || !unwind_get_context(type, context, &r))
        return false;
    f = step(u, m, frame, &r, &place);
    if (f != NULL) {
        unwind_save(u, &place);
        fill(m, &next, f);
        r = f->registers;
        f = unwind_next(u);
        next.AddrReturn = flat(f != NULL ? f->pc : 0);
    } else if (unwind_end(u)->reason != UNWIND_NEED)
        set_end(frame, unwind_end(u));
    if (f == NULL && (unwind_end(u)->reason == UNWIND_NEED || stage_of(frame) == OVER))
        return false;
    next.Reserved[0] = place.mark;
    next.Reserved[1] = (place.state & (((DWORD64)1 << STAGE) - 1)) | (DWORD64)BEGUN << STAGE;
    next.Reserved[2] = place.valid;
    *frame = next;
    unwind_put_context(type, context, &r);
    return true;
}
