/* backtrace.c - a row of `monitor`: the board walks the stack of a task itself, by what the code
 * does, frame pointers and the firmware's exception frames. */
#include "arch/unwind/unwind.h"
#include "stub/board/internal.h"

/* More of a line than that is not written: number, address and the word behind it. */
enum { LONGEST_LINE = 48, NUMBER_MAX = 1000000 };

static void
take_registers(struct board *b, struct rsp_id id, struct unwind_registers *registers)
{
    const struct arch_layout *layout = stub_board_layout_shown(b, id.pid);

    registers->valid = 0;
    for (unsigned i = 0; i < UNWIND_REGISTERS; i++) {
        struct arch_register r;
        uint8_t value[16];

        if (!arch_register_dwarf(layout, i, &r) || r.size > 8 ||
            stub_board_get_register(b, id, &r, value) != 0)
            continue;
        registers->value[i] = arch_get_uint(layout->arch, value, r.size);
        registers->valid |= UINT64_C(1) << i;
    }
}

/* The next of the arguments, or 0. */
static uint32_t
take_number(const char **args)
{
    uint32_t n = 0;

    for (; **args >= '0' && **args <= '9' && n < NUMBER_MAX; ++*args)
        n = n * 10 + (uint32_t)(**args - '0');
    while (**args == ' ')
        ++*args;
    return n;
}

static void
put_frame(struct rsp_out *out, const struct unwind_frame *frame)
{
    rsp_put(out, '#');
    rsp_put_dec(out, frame->index);
    rsp_put_text(out, " 0x");
    rsp_put_hex(out, frame->pc);
    rsp_put_text(out, frame->index > 0 && !frame->called ? " interrupted\n" : "\n");
}

/* Why there are no more, unless the end is where it should be. */
static void
put_end(struct rsp_out *out, const struct unwind_end *end)
{
    if (end->reason == UNWIND_OUTERMOST || end->reason == UNWIND_MARKED)
        return;
    if (end->reason == UNWIND_NO_INFORMATION)
        rsp_put_text(out, "no way to leave 0x");
    else if (end->reason == UNWIND_UNREADABLE)
        rsp_put_text(out, "cannot read 0x");
    else
        rsp_put_text(out, "goes wrong at 0x");
    rsp_put_hex(out, end->address);
    rsp_put(out, '\n');
}

/* A frame of its own, so that what only the beginning needs is not on the stack during the walk.
 * NULL, or what is wrong. */
__attribute__((noinline)) static const char *
begin_walk(struct unwind *u, const struct arch_memory *memory, struct board *b, struct rsp_id id)
{
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = stub_board_unwind,
                                    .sources = &unwind_board_sources,
                                    .memory = memory,
                                    .max_frames = NUMBER_MAX,
                                    .exceptions = b->settings.exceptions,
                                    .exception_count = b->settings.exception_count };
    struct unwind_registers registers;
    struct stub_thread_info info;

    if (stub_board_thread_info(b, id, &info) != 0)
        return "there is no such task\n";
    if (unwind_init(u, &config) != NULL)
        return "the walker refuses what it was given\n";
    take_registers(b, id, &registers);
    unwind_begin(u, &registers);
    return NULL;
}

/* The frames from that one on, as many as there is room for. */
static void
put_frames(struct rsp_out *out, struct unwind *u, uint32_t first)
{
    const struct unwind_frame *frame;

    while ((frame = unwind_next(u)) != NULL) {
        if (frame->index < first)
            continue;
        if (rsp_out_room(out) < LONGEST_LINE) {
            rsp_put_text(out, "... from #");
            rsp_put_dec(out, frame->index);
            rsp_put_text(out, " on: bt TASK FRAME\n");
            return;
        }
        put_frame(out, frame);
    }
    put_end(out, unwind_end(u));
}

int
stub_board_backtrace(void *context, const char *args, struct rsp_out *out)
{
    struct board *b = stub_board_here;
    struct arch_memory memory = { .read = stub_board_read, .process = b, .granule = 1 };
    struct rsp_id id = stub_board_current(b);
    int64_t task = take_number(&args);
    const char *wrong = "the stub's stack (stack_size) is too small for that\n";
    struct unwind u;

    (void)context;
    if (task != 0)
        id.tid = task;
    if (b->settings.stack_size >= STUB_BOARD_STACK_FOR_WALKS)
        wrong = begin_walk(&u, &memory, b, id);
    if (wrong != NULL) {
        rsp_put_text(out, wrong);
        return -STUB_EINVAL;
    }
    put_frames(out, &u, take_number(&args));
    return 0;
}
