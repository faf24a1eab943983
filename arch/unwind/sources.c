/* sources.c - who is asked how to leave a frame, and in which order. */
#include "arch/unwind/internal.h"

enum verdict
unwind_by_instructions(struct walk *w, struct row *row)
{
    return w->machine->instructions(w, row);
}

static find_fn *const all[] = { unwind_by_tables, unwind_by_signal,        unwind_by_instructions,
                                unwind_by_entry,  unwind_by_frame_pointer, unwind_by_leaf,
                                unwind_by_scan };

/* A board carries no tables. */
static find_fn *const board[] = { unwind_by_instructions, unwind_by_frame_pointer,
                                  unwind_by_leaf };

/* Whatever tables say. */
static find_fn *const by_pointer[] = { unwind_by_signal, unwind_by_frame_pointer, unwind_by_leaf };

const struct unwind_sources unwind_all_sources = { all, sizeof(all) / sizeof(all[0]) };
const struct unwind_sources unwind_board_sources = { board, sizeof(board) / sizeof(board[0]) };
const struct unwind_sources unwind_frame_sources = { by_pointer,
                                                     sizeof(by_pointer) / sizeof(by_pointer[0]) };
