/* self.c - a board as a target of its own stub: what stops it, how it goes on, and the loop that
 * serves a debugger from inside an exception. */
#include "stub/board/internal.h"

#include <string.h>

_Static_assert(sizeof(struct board) <= sizeof(struct stub_board),
               "struct stub_board must hold it");
_Static_assert(offsetof(struct board, trap) == 0, "the entries find it there");
_Static_assert(offsetof(struct trap, words) == TRAP_WORDS, "trap.h");
_Static_assert(offsetof(struct trap, cause) == TRAP_CAUSE, "trap.h");
_Static_assert(offsetof(struct trap, code) == TRAP_CODE, "trap.h");
_Static_assert(offsetof(struct trap, address) == TRAP_ADDRESS, "trap.h");
_Static_assert(offsetof(struct trap, entry_sp) == TRAP_ENTRY_SP, "trap.h");
_Static_assert(offsetof(struct trap, stack_low) == TRAP_STACK_LOW, "trap.h");
_Static_assert(offsetof(struct trap, stack_size) == TRAP_STACK_SIZE, "trap.h");
_Static_assert(offsetof(struct trap, ours) == TRAP_OURS, "trap.h");
_Static_assert(offsetof(struct trap, look) == TRAP_LOOK, "trap.h");
_Static_assert(offsetof(struct trap, scratch) == TRAP_SCRATCH, "trap.h");
_Static_assert(offsetof(struct trap, guard) == TRAP_GUARD, "trap.h");
_Static_assert(offsetof(struct trap, guarded) == TRAP_GUARDED, "trap.h");
_Static_assert(offsetof(struct trap, old) == TRAP_OLD, "trap.h");
_Static_assert(offsetof(struct trap, exit) == TRAP_EXIT, "trap.h");
_Static_assert(offsetof(struct trap, floating) == TRAP_FLOATING, "trap.h");

/* gdb's numbers, which a target that is no Linux speaks. */
enum { SIGNAL_INT = 2, SIGNAL_TRAP = 5 };
enum { INTERRUPT_BYTE = 0x03 };
/* How long a frame that began while the firmware runs may keep it from running. */
enum { PATIENCE_MS = 200, PATIENCE_TURNS = 1000000 };

/* The exception entries have nothing else to find the board by. */
struct board *stub_board_here;

static void
stop(struct board *b, const struct stub_event *event)
{
    b->event = *event;
    b->event.id = stub_board_current(b);
    b->news = true;
    b->running = false;
}

static void
stop_for(struct board *b, uint8_t reason, int number)
{
    struct stub_event event = { .kind = STUB_STOPPED, .reason = reason, .signal = number };

    stop(b, &event);
}

/* ---- the target's operations: events ---- */

static int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    struct board *b = target;

    if (b->text != NULL && (kinds & 1u << STUB_OUTPUT) != 0) {
        size_t n = 0;

        while (b->text[n] != '\0')
            n++;
        *event = (struct stub_event){ .kind = STUB_OUTPUT,
                                      .id = stub_board_current(b),
                                      .text = (const uint8_t *)b->text,
                                      .text_size = n };
        return 1;
    }
    *event = b->event;
    return b->news && (kinds & 1u << b->event.kind) != 0;
}

static void
done(void *target, const struct stub_event *event)
{
    struct board *b = target;

    if (event->kind != STUB_OUTPUT) {
        b->news = false;
        return;
    }
    if (b->text != NULL && b->text[event->text_size] == '\0')
        b->text = NULL;
    else if (b->text != NULL)
        b->text += event->text_size;
}

/* A wish that nobody will answer any more. */
static void
forsake(struct board *b)
{
    if (b->wish != NULL)
        b->wish->result = -STUB_BOARD_EINTR;
    b->wish = NULL;
}

/* A client that asks why the firmware stands knows nothing of a wish told before. */
static void
again(void *target)
{
    struct board *b = target;

    if (b->wish != NULL) {
        forsake(b);
        stop_for(b, STUB_SIGNAL, SIGNAL_TRAP);
    }
    b->news = !b->running;
}

static int
file_answer(void *target, int64_t result, unsigned error)
{
    struct board *b = target;

    if (b->wish == NULL) {
        b->why = "the firmware has asked for nothing";
        return -STUB_EINVAL;
    }
    b->wish->result = result < 0 && error != 0 ? -(int64_t)error : result;
    b->wish = NULL;
    b->running = true;
    return 0;
}

static int
stop_of(void *target, struct rsp_id id, struct stub_event *event)
{
    struct board *b = target;

    *event = (struct stub_event){ .kind = STUB_STOPPED, .id = id };
    if (id.tid == b->event.id.tid)
        *event = b->event;
    return 0;
}

static const char *
why(void *target)
{
    return ((struct board *)target)->why;
}

static void
settled(void *target)
{
    struct board *b = target;

    b->why = NULL;
    b->erased = 0;
}

/* ---- the target's operations: running ---- */

/* Only one task has its registers in the CPU: the others go where the firmware takes them. */
static int
resume(void *target, struct stub *s)
{
    struct board *b = target;
    struct rsp_id current = stub_board_current(b), id = { 0, 0 };
    struct stub_action action = stub_action(s, current);

    while (stub_board_next_thread(b, &id) == 1) {
        unsigned kind = stub_action(s, id).kind;

        if (id.tid != current.tid && (kind == STUB_STEP || kind == STUB_RANGE)) {
            b->why = "that task does not run: only the one that does can be stepped";
            return -STUB_ENOTSUP;
        }
    }
    if (action.kind == STUB_STAY || action.kind == STUB_STOP) {
        b->why = "the running task cannot be kept back while others go on";
        return -STUB_ENOTSUP;
    }
    forsake(b);
    b->action = action;
    b->running = b->fresh = true;
    b->news = false; /* a client that goes on without having asked knows that it stands */
    return 0;
}

static int
interrupt(void *target, struct rsp_id id)
{
    struct board *b = target;

    (void)id;
    if (b->running)
        stop_for(b, STUB_SIGNAL, SIGNAL_INT);
    return 0;
}

static int
is_running(void *target, struct rsp_id id)
{
    (void)id;
    return ((struct board *)target)->running;
}

static int
detach(void *target, int64_t pid)
{
    struct board *b = target;

    (void)pid;
    forsake(b);
    stub_board_forget_points(b);
    stub_board_forget_loans(b);
    b->action = (struct stub_action){ .kind = STUB_CONTINUE };
    b->running = b->fresh = true;
    b->news = false;
    return 0;
}

static int
end(void *target, int64_t pid, bool tell)
{
    struct board *b = target;

    (void)tell;
    b->reset = b->settings.reset != NULL;
    return detach(target, pid);
}

static int
host_info(void *target, struct stub_host_info *info)
{
    struct board *b = target;

    info->vendor = "unknown";
    info->ostype = "unknown";
    info->watchpoints = b->watch_count;
    return 0;
}

const struct stub_target stub_board_target = {
    .size = sizeof(stub_board_target),
    .machine = &stub_board_layout, /* of libstubborn-plain.a, which asks for no other */
    .layout = stub_board_layout_shown,
    .next_thread = stub_board_next_thread,
    .thread_info = stub_board_thread_info,
    .read_memory = stub_board_read,
    .granule = 8,
    .write_memory = stub_board_write,
    .get_register = stub_board_get_register,
    .put_register = stub_board_put_register,
    .peek = peek,
    .done = done,
    .again = again,
    .stop_of = stop_of,
    .resume = resume,
    .interrupt = interrupt,
    .running = is_running,
    .file_answer = file_answer,
    .flash_erase = stub_board_flash_erase,
    .flash_write = stub_board_flash_write,
    .flash_done = stub_board_flash_done,
    .kill = end,
    .detach = detach,
    .insert = stub_board_insert,
    .remove = stub_board_remove,
    .region = stub_board_region,
    .memory_map = stub_board_memory_map,
    .allocate = stub_board_allocate,
    .deallocate = stub_board_deallocate,
    .host_info = host_info,
    .why = why,
    .settled = settled,
};

/* ---- serving ---- */

bool
stub_board_try(struct board *b, void (*deed)(void *), void *argument)
{
    uint64_t outer[sizeof(b->trap.guard) / sizeof(b->trap.guard[0])];
    uint64_t guarded = b->trap.guarded;
    bool whole;

    memcpy(outer, b->trap.guard, sizeof(outer));
    whole = stub_board_guard(b, deed, argument);
    memcpy(b->trap.guard, outer, sizeof(outer));
    b->trap.guarded = guarded;
    return whole;
}

/* With these words a client begins, and no line but a reliable one tells of the end of the client
 * before it: its breakpoints would be left to the new one, which knows nothing of them. It is
 * shown the registers that are there by now. */
static void
greet(struct board *b, int byte)
{
    static const char words[] = "$qSupported";

    if (byte == '$')
        b->greeted = 0;
    b->greeted = byte == words[b->greeted] ? (uint8_t)(b->greeted + 1) : UINT8_C(0);
    if (b->greeted < sizeof(words) - 1)
        return;
    b->greeted = 0;
    b->erased = 0;
    b->shown = NULL;
    stub_board_forget_points(b);
    stub_board_forget_loans(b);
}

/* Keeps track of where frames begin and end on the line. */
static void
follow(struct board *b, int byte)
{
    greet(b, byte);
    if (b->inside > 1)
        b->inside = b->inside == 2 ? 3 : 0;
    else if (byte == '$')
        b->inside = 1;
    else if (byte == '#' && b->inside == 1)
        b->inside = 2;
}

void
stub_board_get_byte(struct board *b)
{
    if (b->held >= 0)
        return;
    b->held = b->settings.get(b->settings.context);
    if (b->held >= 0)
        follow(b, b->held);
}

/* One turn of the loop. Runs guarded: whatever faults in a callback ends here. */
static void
turn(void *argument)
{
    struct board *b = argument;
    uint8_t byte;
    const uint8_t *bytes;
    size_t n;

    stub_board_get_byte(b);
    if (b->settings.now_ms != NULL)
        (void)stub_tick(&b->stub, b->settings.now_ms(b->settings.context));
    stub_doorbell(&b->stub);
    byte = (uint8_t)b->held;
    if (b->held >= 0 && stub_feed(&b->stub, &byte, 1) == 1)
        b->held = -1;
    while ((bytes = stub_output(&b->stub, &n)), n > 0) {
        for (size_t i = 0; i < n; i++)
            b->settings.put(b->settings.context, bytes[i]);
        stub_sent(&b->stub, n);
    }
}

/* True while the debugger is to be served although the firmware is not stopped. */
static bool
is_engaged(const struct board *b)
{
    return b->inside != 0 || b->held >= 0 || (b->text != NULL && stub_is_waiting(&b->stub));
}

/* Calls one of the firmware's callbacks; it may fault. */
static void
call(struct board *b, void (*callback)(void *))
{
    if (callback != NULL)
        (void)stub_board_guard(b, callback, b->settings.context);
}

static void
ask_clock(void *argument)
{
    struct board *b = argument;

    b->now = b->settings.now_ms(b->settings.context);
}

/* ---- the stub's own stack ---- */

/* Stands at the end of it. What has gone further has written over something of the firmware's. */
static const uint8_t guard[] = "end of the stack"; /* its last byte is the 0 */

static uint8_t *
stack_end(const struct board *b)
{
    return (uint8_t *)(uintptr_t)b->trap.stack_low;
}

void
stub_board_guard_stack(struct board *b)
{
    memcpy(stack_end(b), guard, sizeof(guard));
}

/* Told once, in the debugger's console, as soon as it hears of the firmware again. */
static void
check_stack(struct board *b)
{
    if (b->text != NULL || memcmp(stack_end(b), guard, sizeof(guard)) == 0)
        return;
    b->text = "the stub's stack was too small and memory below it is spoiled: give it a larger "
              "stack_size\n";
    stub_board_guard_stack(b);
}

/* 0 without a clock, or one that faults. */
static uint64_t
now(struct board *b)
{
    b->now = 0;
    if (b->settings.now_ms != NULL)
        (void)stub_board_guard(b, ask_clock, b);
    return b->now;
}

/* Serves until the firmware is to go on, or, where it was not stopped, the line is quiet. */
static void
serve(struct board *b)
{
    uint64_t begin = now(b);
    unsigned turns = 0;
    bool visit = b->running;

    if (b->lost || (visit && stub_is_over(&b->stub)))
        stub_link_lost(&b->stub);
    b->lost = false;
    do {
        if (!stub_board_guard(b, turn, b))
            stub_abandon(&b->stub, STUB_EFAULT);
        turns++;
        visit = visit && b->running && !b->fresh;
        if (visit && is_engaged(b) &&
            (begin != 0 ? now(b) - begin > PATIENCE_MS : turns > PATIENCE_TURNS))
            break;
    } while (!b->running || (visit && is_engaged(b)));
    check_stack(b);
    if (b->reset)
        call(b, b->settings.reset);
    b->reset = false; /* it could not, and the firmware goes on */
}

/* ---- going on ---- */

static bool
is_step(const struct board *b)
{
    return b->action.kind == STUB_STEP || b->action.kind == STUB_RANGE;
}

/* Another step of a range is due, unless a breakpoint or the debugger's user is in the way. */
static bool
is_in_range(struct board *b)
{
    uint64_t pc = stub_board_pc(b);

    return b->action.kind == STUB_RANGE && pc >= b->action.start && pc < b->action.end &&
           !stub_board_point_at(b, pc);
}

/* The step ended here: is it the end of what was asked for? */
static void
end_step(struct board *b)
{
    if (is_step(b) && !is_in_range(b))
        stop_for(b, STUB_TRACE, SIGNAL_TRAP);
    else if (stub_board_must_step(b) && stub_board_point_at(b, stub_board_pc(b)))
        stop_for(b, STUB_SWBREAK, SIGNAL_TRAP); /* the next step would not hit it */
}

/* Over what is at the PC when the client lets the firmware go: it was told of it already. */
static bool
must_step_over(struct board *b)
{
    uint64_t pc = stub_board_pc(b);
    uint8_t reason = b->event.reason;
    bool watched = reason == STUB_WATCH || reason == STUB_RWATCH || reason == STUB_AWATCH;

    return stub_board_point_at(b, pc) || (watched && pc == b->stopped_at);
}

/* Makes the CPU ready to run the firmware. False when the step asked for is over already. */
static bool
go(struct board *b)
{
    bool fresh = b->fresh, over, own;

    b->fresh = false;
    own = fresh && b->own_break && stub_board_pc(b) == b->stopped_at;
    over = fresh && must_step_over(b);
    if (own && stub_board_skip_break(b))
        end_step(b);
    while (b->running && (over || is_step(b) || stub_board_must_step(b)) &&
           stub_board_emulate(b)) {
        end_step(b);
        over = false;
    }
    if (!b->running)
        return false;
    if (over || is_step(b) || stub_board_must_step(b)) {
        stub_board_arm_step(b);
        b->stepping = true;
        stub_board_arm_points(b, false, !over);
        return true;
    }
    stub_board_plant(b);
    stub_board_arm_points(b, true, true);
    return true;
}

/* From any exception to the next: served until the firmware is to run. */
static void
attend(struct board *b)
{
    bool told = false;

    do {
        if (!b->running && !told)
            call(b, b->settings.stopped);
        told = told || !b->running;
        serve(b);
    } while (!go(b));
    if (told)
        call(b, b->settings.resumed);
}

/* The firmware has stopped running: the CPU is as without a debugger, but for its registers. */
static void
take_back(struct board *b)
{
    stub_board_disarm_points(b);
    if (b->stepping)
        stub_board_end_step(b);
    b->stepping = false;
    stub_board_lift(b);
    stub_board_save_rest(b);
    b->floated = b->floated || b->floating;
    stub_board_note_current(b);
}

static void
give_back(struct board *b)
{
    stub_board_load_rest(b);
}

/* ---- exceptions ---- */

static uint64_t
address_of(void (*function)(void))
{
    return (uint64_t)(uintptr_t)function;
}

/* A breakpoint instruction: the client's, the stub's own two, or the firmware's. */
static void
take_break(struct board *b)
{
    uint64_t pc = stub_board_pc(b);

    if (stub_board_soft_at(b, pc) != NULL) {
        stop_for(b, STUB_SWBREAK, SIGNAL_TRAP);
        return;
    }
    b->own_break = true;
    stop_for(b, STUB_SIGNAL, SIGNAL_TRAP);
}

static void
take_hardware(struct board *b)
{
    uint64_t pc = stub_board_pc(b);
    uint8_t reason = STUB_HWBREAK;

    for (unsigned i = 0; i < b->break_count; i++)
        if (b->breaks[i].used && b->breaks[i].soft && b->breaks[i].address == pc)
            reason = STUB_SWBREAK;
    stop_for(b, reason, SIGNAL_TRAP);
}

static void
take_watch(struct board *b, struct stub_event *event)
{
    static const uint8_t reasons[] = { [STUB_POINT_WRITE] = STUB_WATCH,
                                       [STUB_POINT_READ] = STUB_RWATCH,
                                       [STUB_POINT_ACCESS] = STUB_AWATCH };
    const struct hard_point *point = stub_board_watch_at(b, event->address);

    if (point == NULL)
        return;
    event->reason = reasons[point->type];
    event->signal = SIGNAL_TRAP;
    event->slot = (uint32_t)(point - b->watches);
    if (event->address < point->address || event->address - point->address >= point->length)
        event->address = point->address;
    stop(b, event);
}

/* The firmware asks for what only the debugger can do: told to it like a stop. */
static void
take_wish(struct board *b, struct wish *wish)
{
    struct stub_event event = { .kind = STUB_FILE_REQUEST,
                                .text = (const uint8_t *)wish->text,
                                .text_size = wish->size };

    if (b->lost || !stub_is_waiting(&b->stub))
        return;
    b->wish = wish;
    stop(b, &event);
}

/* The stub's own breakpoint instructions: PC behind them. True when that is what it was. */
static bool
take_call(struct board *b)
{
    uint64_t pc = stub_board_pc(b), size = stub_board_layout.arch->breakpoint_size;
    bool behind = stub_board_layout.arch->breakpoint_pc != 0;

    if (behind)
        pc -= size;
    if (pc != address_of(stub_board_visit) && pc != address_of(stub_board_stop) &&
        pc != (uint64_t)(uintptr_t)stub_board_ask)
        return false;
    stub_board_set_pc(b, pc + size);
    if (pc == address_of(stub_board_stop))
        stop_for(b, STUB_SIGNAL, SIGNAL_TRAP);
    if (pc == (uint64_t)(uintptr_t)stub_board_ask)
        take_wish(b, (struct wish *)(uintptr_t)b->trap.words[stub_board_argument]);
    return true;
}

static void
take(struct board *b)
{
    struct stub_event event = { .kind = STUB_STOPPED, .reason = STUB_SIGNAL };
    enum trap_kind kind = stub_board_classify(b, &event);

    b->own_break = false;
    switch (kind) {
    case TRAP_FAULT:
        stop(b, &event);
        break;
    case TRAP_BREAK:
        if (!take_call(b))
            take_break(b);
        break;
    case TRAP_HARDWARE:
        take_hardware(b);
        break;
    case TRAP_WATCH:
        take_watch(b, &event);
        break;
    case TRAP_STEP:
        end_step(b);
        break;
    case TRAP_NOTHING:
        break;
    }
    if (!b->running)
        b->stopped_at = stub_board_pc(b);
}

void
stub_board_trapped(struct board *b)
{
    take_back(b);
    take(b);
    attend(b);
    give_back(b);
}

/* The stub itself has faulted outside a callback that is guarded: its client must begin anew. */
void
stub_board_again(struct board *b)
{
    stub_link_lost(&b->stub);
    b->held = -1;
    b->inside = 0;
    b->running = false;
    attend(b);
    give_back(b);
}

static void
look(void *argument)
{
    stub_board_get_byte(argument);
}

bool
stub_board_looked(struct board *b)
{
    if (!stub_board_guard(b, look, b) || b->held < 0)
        return false;
    take_back(b);
    attend(b);
    give_back(b);
    return true;
}
