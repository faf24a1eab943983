/* sources.c - who is asked how to leave a frame, and in which order. */
#include "arch/unwind/internal.h"

static find_fn *const all[] = { unwind_by_tables,       unwind_by_signal,
                                unwind_by_exception,    unwind_by_resolver,
                                unwind_by_instructions, unwind_by_pushed_resolver,
                                unwind_by_entry,        unwind_by_frame_pointer,
                                unwind_by_leaf,         unwind_by_scan };

/* A board carries no tables. */
static find_fn *const board[] = { unwind_by_exception, unwind_by_instructions,
                                  unwind_by_frame_pointer };

/* Whatever tables say. */
static find_fn *const by_pointer[] = { unwind_by_signal, unwind_by_exception,
                                       unwind_by_frame_pointer, unwind_by_leaf };

#define LIST(array) array, sizeof(array) / sizeof((array)[0])
static const struct extras extras = { unwind_recall,  unwind_leave_by_rule, unwind_remember,
                                      unwind_express, unwind_find_cfa,      unwind_is_trampoline };

const struct unwind_sources unwind_all_sources = { LIST(all), &unwind_lines_reader, &extras };
const struct unwind_sources unwind_frame_sources = { LIST(by_pointer), &unwind_lines_reader,
                                                     &extras };
const struct unwind_sources unwind_board_sources = { LIST(board), &unwind_plain_reader, NULL };
