/* start.c - starting the stub on its board, and what the firmware calls from then on. */
#include "stub/board/internal.h"

#include <string.h>

/* On a line that loses bytes short frames come through where long ones do not: see bench-line. */
enum { RESEND_MS = 1000, LOSSY_FRAME = 256 };

/* ---- what the firmware calls ---- */

void
stub_board_break(void)
{
    if (stub_board_here != NULL)
        stub_board_stop();
}

void
stub_board_poll(void)
{
    struct board *b = stub_board_here;

    if (b == NULL)
        return;
    stub_board_get_byte(b);
    if (b->held >= 0)
        stub_board_visit();
}

void
stub_board_link_lost(void)
{
    if (stub_board_here != NULL)
        stub_board_here->lost = true;
}

void
stub_board_print(const char *text)
{
    struct board *b = stub_board_here;

    if (b == NULL || !stub_is_waiting(&b->stub) || *text == '\0')
        return;
    b->text = text;
    stub_board_visit();
    b->text = NULL;
}

int
stub_board_reset(void *context, const char *args, struct rsp_out *out)
{
    struct board *b = stub_board_here;

    (void)context;
    (void)args;
    if (b == NULL || b->settings.reset == NULL)
        return -STUB_ENOTSUP;
    rsp_put_text(out, "the board restarts\n");
    b->reset = true;
    return stub_board_target.detach(b, 1);
}

/* ---- starting ---- */

static bool
can_lend(const struct stub_board_scratch *scratch)
{
    return scratch == NULL || (scratch->lend != NULL && scratch->memory != NULL &&
                               scratch->size >= STUB_BOARD_SCRATCH);
}

static bool
configure(struct board *b, const struct stub_board_config *config)
{
    size_t given = config->size < sizeof(b->settings) ? config->size : sizeof(b->settings);
    struct stub_board_config *c = &b->settings;
    uint8_t *room;
    size_t half;
    unsigned flags = STUB_SERIAL;
    bool lossy;

    memcpy(c, config, given);
    lossy = (c->flags & STUB_BOARD_RELIABLE) == 0;
    room = c->room;
    if (c->stack_size == 0)
        c->stack_size = STUB_BOARD_STACK;
    if (c->get == NULL || c->put == NULL || room == NULL || (uintptr_t)room % 16 != 0 ||
        c->stack_size < STUB_BOARD_STACK || c->stack_size % 16 != 0 ||
        c->room_size < c->stack_size + (STUB_BOARD_SMALLEST - STUB_BOARD_STACK) ||
        !can_lend(c->scratch))
        return false;
    b->trap.exit = (uint64_t)(uintptr_t)room + stub_board_entry_stack;
    b->trap.stack_low = b->trap.exit;
    b->trap.stack_size = c->stack_size - stub_board_entry_stack;
    stub_board_forget_loans(b);
    half = (c->room_size - c->stack_size) / 2;
    if (lossy)
        flags |= STUB_UNRELIABLE;
    return stub_init(&b->stub, &(struct stub_config){
                                   .size = sizeof(struct stub_config),
                                   .target = &stub_board_target,
                                   .target_object = b,
                                   .packets = c->packets,
                                   .input = room + c->stack_size,
                                   .input_size = half,
                                   .output = room + c->stack_size + half,
                                   .output_size = half,
                                   .flags = flags,
                                   .resend_ms = c->resend_ms != 0 ? c->resend_ms : RESEND_MS,
                                   .resend_max = c->resend_max,
                                   .frame_size = lossy ? LOSSY_FRAME : 0,
                                   .commands = c->commands,
                                   .commands_context = c->context,
                               });
}

bool
stub_board_start(struct stub_board *board, const struct stub_board_config *config)
{
    struct board *b = (struct board *)(void *)board->opaque;

    if (stub_board_here != NULL)
        return false;
    memset(board, 0, sizeof(*board));
    b->held = -1;
    b->running = true;
    b->action.kind = STUB_CONTINUE;
    if (!configure(b, config))
        return false;
    stub_board_guard_stack(b);
    stub_board_here = b;
    if (!stub_board_take_over(b)) {
        stub_board_here = NULL;
        return false;
    }
    if ((b->settings.flags & STUB_BOARD_WAIT) != 0)
        stub_board_stop();
    return true;
}
