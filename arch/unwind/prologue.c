/* prologue.c - the frame pointer of a frame where nobody knows it, as in a thread that sleeps, of
 * which the kernel tells no more than the stack pointer: what the function has done to both since
 * it began says how far apart they are. */
#include "arch/unwind/paths.h"

enum { LONGEST = 20000 }; /* instructions from a function's begin */

/* From the begin straight on to the PC, as the code stands. What follows a jump or a return was
 * come to from elsewhere, so the frame is there as it was when the function had set it up: by its
 * first call or branch. */
static bool
run_to(struct walk *w, struct path *path, uint64_t pc)
{
    struct path body = *path;
    bool setting_up = true;

    while (path->pc < pc && unwind_work(w)) {
        uint64_t from = path->pc;
        uint64_t to;
        enum flow flow = w->machine->step(w, path, &to);

        if (w->fault.reason != UNWIND_RUNNING || path->pc == from)
            return false;
        setting_up = setting_up && (flow == ON || flow == IDLE);
        if (setting_up)
            body = *path;
        if (flow == JUMP || flow == RETURN || flow == INDIRECT || flow == DEAD) {
            uint64_t next = path->pc;

            *path = body;
            path->pc = next;
        }
    }
    return path->pc == pc;
}

static bool
is_on_stack(const struct walk *w, struct value v)
{
    return kind_of(v) == IS && reg_of(v) == w->machine->sp;
}

static bool
find_pointer(struct walk *w, uint64_t begin, uint64_t *fp)
{
    const struct unwind_machine *m = w->machine;
    struct path path = { .pc = begin };

    path.r[m->sp] = value_of(IS, m->sp, 0);
    if (!run_to(w, &path, w->frame.pc) || !is_on_stack(w, path.r[m->sp]) ||
        !is_on_stack(w, path.r[m->fp]))
        return false;
    *fp = w->sp + (uint64_t)(int64_t)offset_of(path.r[m->fp]) -
          (uint64_t)(int64_t)offset_of(path.r[m->sp]);
    return *fp >= w->sp && unwind_returns(w, *fp + 8);
}

bool
unwind_infer(struct walk *w, unsigned n)
{
    uint64_t pc = w->frame.pc - w->frame.called;
    struct fde fde;
    uint64_t fp;
    bool found;

    w->module = unwind_module_at(w, pc);
    if (n != w->machine->fp || w->module == NULL)
        return false;
    w->work = LONGEST;
    found = unwind_find_fde(w, pc, &fde) == FOUND && find_pointer(w, fde.begin, &fp);
    if (w->fault.reason != UNWIND_NEED)
        w->fault.reason = UNWIND_RUNNING;
    if (!found || w->fault.reason != UNWIND_RUNNING)
        return false;
    w->frame.registers.value[n] = fp;
    w->frame.registers.valid |= (uint64_t)1 << n;
    if (w->frame.trust > UNWIND_CHECKED)
        w->frame.trust = UNWIND_CHECKED;
    return true;
}

bool
unwind_find_cfa(struct walk *w)
{
    unsigned n = w->row.cfa_reg;

    if (w->row.cfa_how == IS_EXPR)
        return unwind_express_cfa(w);
    if (!unwind_infer(w, n))
        return unwind_fault(w, UNWIND_NO_INFORMATION, w->frame.pc);
    w->frame.cfa = reg(w, n) + (uint64_t)(int64_t)w->row.cfa_offset;
    return true;
}
