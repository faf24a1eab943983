/* internal.h - inside stub/board: the state, and what each machine provides. */
#ifndef STUB_BOARD_INTERNAL_H
#define STUB_BOARD_INTERNAL_H

#include "stub/board/board.h"
#include "stub/board/trap.h"

struct unwind_machine;

/* ---- the state ---- */

/* What the exception entries fill and use; trap.h has the offsets. */
struct trap {
    uint64_t words[STUB_BOARD_WORDS];
    uint64_t cause, code, address;
    uint64_t entry_sp;
    uint64_t stack_low, stack_size;
    uint64_t ours;
    uint64_t look;
    uint64_t scratch[6];
    uint64_t guard[14];
    uint64_t guarded;
    uint64_t old;
    uint64_t exit;
    uint64_t unused;
    _Alignas(16) uint8_t floating[528];
};

/* Why the exception came, in the words of events. */
enum trap_kind {
    TRAP_FAULT, /* the firmware's own: event says how */
    TRAP_BREAK, /* a breakpoint instruction at the PC */
    TRAP_HARDWARE,
    TRAP_WATCH,
    TRAP_STEP,
    TRAP_NOTHING /* to be gone on from */
};

enum { SOFT_POINTS = 32, HARD_POINTS = 16 };

struct soft_point {
    uint64_t address;
    uint8_t size; /* 0: free */
    bool planted;
    uint8_t bytes[4]; /* what stood there */
};

/* A slot of the CPU's. `soft`: the client asked for a software breakpoint in read-only memory. */
struct hard_point {
    uint64_t address;
    uint32_t length;
    uint8_t type; /* enum STUB_POINT_... */
    bool used, soft;
};

/* What the firmware asks of the debugger's machine. Lies on the asker's stack. */
struct wish {
    char text[80];
    size_t size;
    int64_t result; /* an error of the protocol's below 0 */
};

struct board {
    struct trap trap;
    const struct stub_board_config *config;
    struct stub_board_config settings;
    struct stub stub;

    struct stub_event event; /* the last stop */
    bool news;               /* which the client has yet to hear of */
    bool running;            /* the firmware runs, or was just looked at while it does */
    bool fresh;              /* and was just let go by the client */
    bool reset;              /* instead of going on */
    bool own_break;          /* the last stop was at a breakpoint of the firmware's own */
    uint64_t stopped_at;     /* PC of the last stop */
    int64_t current;         /* the task that the CPU runs */

    struct stub_action action;
    bool stepping; /* the step exception is armed; interrupts are masked for it */

    int held;        /* a byte that was got and not yet fed; -1 none */
    uint8_t greeted; /* characters of a client's first request that have come */
    bool lost;       /* the client is gone */
    uint64_t now;    /* what the firmware's clock said last */
    uint8_t inside;  /* of a frame on the line: 1 the body, then 2 and 3 digits to come */

    const char *text;  /* for the debugger's console */
    struct wish *wish; /* being asked; NULL none */
    uint64_t erased;   /* bytes of the flash that the request under way is to erase */
    const char *why;   /* of the last error */

    struct soft_point soft[SOFT_POINTS];
    struct hard_point breaks[HARD_POINTS], watches[HARD_POINTS];
    uint8_t break_count, watch_count; /* the CPU's slots */
    bool floating;                    /* trap.floating holds the registers */
    bool floated;                     /* it did at this stop or one before */
    const struct arch_layout *shown;  /* to this client; NULL: it has not asked */
    uint64_t machine[12];             /* the machine's own */
    _Alignas(16) uint8_t tables[752]; /* and its tables */
};

extern struct board *stub_board_here;

/* ---- self.c ---- */

extern const struct stub_target stub_board_target;

/* Takes a byte from the line when none is held and one is there. */
void stub_board_get_byte(struct board *b);

/* An exception of the stub's came; trap is filled. Returns when the firmware is to go on. */
void stub_board_trapped(struct board *b);
/* Marks the end of the stub's stack, so that going beyond it shows. */
void stub_board_guard_stack(struct board *b);
/* stub_board_guard, also inside another such call. */
bool stub_board_try(struct board *b, void (*deed)(void *), void *argument);
/* An exception inside the stub that nothing was ready for. The same. */
void stub_board_again(struct board *b);
/* An interrupt is looked at. True when a debugger was served: the registers may have changed. */
bool stub_board_looked(struct board *b);

/* ---- memory.c ---- */

arch_read_memory_fn stub_board_read;
int stub_board_write(void *process, uint64_t address, const void *bytes, size_t size);
/* Code: written whole, seen by the CPU's instruction side. */
bool stub_board_write_code(struct board *b, uint64_t address, const void *bytes, size_t size);
int stub_board_region(void *process, uint64_t address, struct stub_region *region);
int stub_board_memory_map(void *process, unsigned index, struct stub_region *region);

/* Lends the firmware's scratch memory. */
int stub_board_allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address);
int stub_board_deallocate(void *process, uint64_t address);
/* What was lent is free: its client is no more. */
void stub_board_forget_loans(struct board *b);

/* ---- flash.c ---- */

int stub_board_flash_erase(void *process, uint64_t address, uint64_t size);
int stub_board_flash_write(void *process, uint64_t address, const void *bytes, size_t size);
int stub_board_flash_done(void *process);

/* ---- points.c ---- */

int stub_board_insert(void *process, const struct stub_point *point);
int stub_board_remove(void *process, const struct stub_point *point);
void stub_board_forget_points(struct board *b);
/* Breakpoint instructions go in when the firmware is let go and out when it stops. */
void stub_board_plant(struct board *b);
void stub_board_lift(struct board *b);
/* The software point at that address, or NULL. */
struct soft_point *stub_board_soft_at(struct board *b, uint64_t address);
/* True when a point that stops before its instruction is at that address. */
bool stub_board_point_at(struct board *b, uint64_t address);
/* The watchpoint that an access there hit; the nearest one. NULL: none. */
struct hard_point *stub_board_watch_at(struct board *b, uint64_t address);

/* ---- tasks.c ---- */

/* What the client is shown: no floating point before the firmware has enabled it. It stays what it
 * is for as long as the client does, since that reads target.xml once. */
const struct arch_layout *stub_board_layout_shown(void *target, int64_t pid);
int stub_board_next_thread(void *target, struct rsp_id *id);
int stub_board_thread_info(void *target, struct rsp_id id, struct stub_thread_info *info);
int stub_board_get_register(void *target, struct rsp_id id, const struct arch_register *r,
                            void *value);
int stub_board_put_register(void *target, struct rsp_id id, const struct arch_register *r,
                            const void *value);
/* The thread whose registers the CPU has; noted at each stop. */
void stub_board_note_current(struct board *b);
struct rsp_id stub_board_current(const struct board *b);

/* ---- what a machine provides: machine_NAME.c and trap_NAME.S ---- */

/* With all features that may be there, and without floating point where that need not be. */
extern const struct arch_layout stub_board_layout, stub_board_bare_layout;
extern const struct unwind_machine *const stub_board_unwind;
extern const struct arch_places *const stub_board_places;
extern const size_t stub_board_entry_stack; /* bytes at the end of which trap.exit is, or 0 */
extern const unsigned stub_board_argument;  /* the word that holds a call's first argument */
enum { BOARD_LONGEST_BREAK = 4 };

/* Takes the exceptions over. */
bool stub_board_take_over(struct board *b);
/* Says what the exception was, and puts the PC on a breakpoint that hit. Fills in event's signal,
 * and address of faults and watchpoints. */
enum trap_kind stub_board_classify(struct board *b, struct stub_event *event);
uint64_t stub_board_pc(const struct board *b);
void stub_board_set_pc(struct board *b, uint64_t pc);
/* Arms the step exception for one instruction, interrupts masked, and undoes that after it, with
 * what the instruction itself did to the mask left in force. */
void stub_board_arm_step(struct board *b);
void stub_board_end_step(struct board *b);
/* What cannot be stepped as it is: an instruction that waits for an interrupt, or one that uses
 * what the step exception itself takes. True: it is done, PC behind it. */
bool stub_board_emulate(struct board *b);
/* True from the first such one of a handler that is about to return until it has: it may only be
 * stepped. */
bool stub_board_must_step(const struct board *b);
/* True when it is a breakpoint of the firmware's own: the same. */
bool stub_board_skip_break(struct board *b);
/* Puts the used slots into the CPU, but breakpoints only when `breaks`; or takes all out. */
void stub_board_arm_points(struct board *b, bool breaks, bool watches);
void stub_board_disarm_points(struct board *b);
/* Whether an instruction can begin there, and whether a slot can watch that. */
bool stub_board_can_break(uint64_t address);
bool stub_board_can_watch(uint64_t address, uint32_t length);
bool stub_board_can_watch_reads(void);
/* Breakpoints and watchpoints may share slots: do those in use fit? */
bool stub_board_slots_suffice(struct board *b);
/* Memory from there on was written and may be code. */
void stub_board_code_changed(uint64_t address, size_t size);
/* Keeps what the entries do not put by, floating-point registers in trap.floating among it, and
 * puts it back. */
void stub_board_save_rest(struct board *b);
void stub_board_load_rest(struct board *b);

/* In assembly. One load or store of width 1, 2, 4 or 8; false when it faulted. */
bool stub_board_load(uint64_t address, unsigned width, uint64_t *value);
bool stub_board_store(uint64_t address, unsigned width, uint64_t value);
/* Calls deed(argument). False when it faulted: it was left where it was. One at a time: from
 * inside such a call stub_board_try. */
bool stub_board_guard(struct board *b, void (*deed)(void *), void *argument);
/* The exceptions that enter from stub_board_poll() and stub_board_break(), and with a wish. */
void stub_board_visit(void);
void stub_board_stop(void);
void stub_board_ask(struct wish *wish);

#endif
