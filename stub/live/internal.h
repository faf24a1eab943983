/* internal.h - what the rooms of stub/live share. Nothing outside this directory includes it.
 *
 * A struct live has processes, a process has threads. A thread is running or in a ptrace stop
 * that was collected; a stop worth telling is a report, which is queued (unreported) or done.
 *
 * Collecting and starting are apart, so neither recurses into the other: dispatch() (stops.c)
 * notes what a wait status means and leaves the thread stopped; live_go() (resume.c) starts every
 * stopped thread that is wanted and may run. */
#ifndef STUBBORN_LIVE_INTERNAL_H
#define STUBBORN_LIVE_INTERNAL_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <termios.h>

#include "stub/live/live.h"
#include "stub/stub.h"

enum {
    LIVE_BREAKPOINT_MAX = 4, /* bytes of a software breakpoint, as in struct arch */
    LIVE_EXTENDED_KEPT = 32, /* threads whose extended registers are kept at a time; a dozen
                                kilobytes each */
    LIVE_INSTRUCTION_MAX = 15,
    LIVE_FORESEEN_MAX = 4,  /* places in memory that are read at each hit of a breakpoint */
    LIVE_GENERAL_MAX = 512, /* bytes of the general register set of any machine */
    LIVE_SLOTS = 4,         /* hardware breakpoint slots that we use */
    LIVE_FILES = 16,        /* files open for a client */
    LIVE_SAVED_MAX = 64,    /* register copies kept for clients */
    LIVE_OUTPUT_MAX = 4096,
    LIVE_PATIENCE_MS = 5000,    /* with a program that is started and waits for something */
    LIVE_SOFT_WATCH_MAX = 4096, /* bytes of one watched range when watching by stepping */
    LIVE_LINK_MAP_MAX = 4096,   /* libraries believed in a link map */
    LIVE_LISTS_MAX = 16384,     /* bytes of a breakpoint's conditions, and of its commands */
    LIVE_CAUGHT_MAX = 1024      /* numbers of system calls that are caught by number */
};

/* ---- reports ---- */

enum report_state { REPORT_NONE, REPORT_QUEUED, REPORT_DONE };

struct report {
    TAILQ_ENTRY(report) next;
    struct stub_event event;
    enum report_state state;
    bool held;    /* of who was left stopped by the client: kept until resumed */
    bool owned;   /* by the queue alone (of a thread that is gone): freed when it is told */
    bool arrival; /* the stop after a launch or attach: no news for who resumes without asking */
};
TAILQ_HEAD(reports, report);

/* ---- threads ---- */

/* The register sets of a stopped thread: fetched when first asked for, written back before it
 * runs. */
struct registers {
    _Alignas(16) uint8_t general[LIVE_GENERAL_MAX];
    uint8_t *extended; /* live_extended_size() bytes while there is a copy, else NULL */
    uint32_t general_size, extended_size;
    bool has_general, has_extended, general_dirty, extended_dirty;
};

struct thread {
    RB_ENTRY(thread) by_tid;
    TAILQ_ENTRY(thread) next;
    TAILQ_ENTRY(thread) awake, extended;
    bool is_awake; /* in that list */
    struct process *process;
    pid_t tid;
    pid_t group;     /* process->pid, but that of a clone outside it, see apart.c */
    bool own_memory; /* of such a clone: nothing is planted there */
    struct report report;

    /* What the client wants. */
    struct stub_action action; /* its signal is moved to `owed` at once */
    bool wanted;               /* resumed and not stopped for the client since */
    bool told;                 /* the client knows that it stands at told_pc, so that a breakpoint
                                  there does not hit again */
    uint64_t told_pc;

    /* How it is. */
    bool running;
    bool newborn; /* its first stop is still to come */
    bool stays;   /* and the client was told of its birth: it then stands */
    bool untold;  /* its birth is: the client must not meet it before */
    bool asked;   /* non-stop: the client wants it to stop, with that signal or 0 */
    int asked_signal;
    unsigned wants;    /* STUB_WANT_CLONE, STUB_WANT_EXIT */
    bool interrupting; /* PTRACE_INTERRUPT is out; whatever stop comes answers it */
    bool stuck;        /* did not stop in time: in a vfork or in the kernel */
    bool vforking;
    bool vfork_told; /* so its end is told too */
    bool stepping;   /* was started with a single step */
    int at_signal;   /* in the delivery stop of this signal: ptrace can give one; else 0 */
    /* In the middle of a system call a step traps before anything is executed; and whether the
     * client let the thread step from there. (One that it let step before has stepped, then.) */
    bool at_event, start_event;
    bool sent;          /* the client resumed it, and it has not run since */
    bool birth_in_step; /* the birth told of last happened in a step of it */
    bool plain;         /* started with a step beside which nothing can happen, see step.c */
    bool unread;        /* stands, and its wait status was not asked for */
    bool steps_on;      /* its last step was plain and it is to do one more: no signal was due */
    uint8_t dull_steps; /* of a range, for the processor before the next try to do some here */
    bool group_stop;    /* stopped by SIGSTOP and its like */
    uint64_t stop_pc, start_pc;

    int owed;     /* signal to deliver when it starts */
    int injected; /* sent by us with tgkill at the client's wish: pass it when it arrives */
    /* Signals that came while stepping over a breakpoint: the first one with its siginfo, and a
     * bit for each number N (1 << (N - 1)) of those that came after it. */
    int deferred;
    siginfo_t deferred_info;
    uint64_t deferred_more;

    const struct pad_place *in_pad; /* started at the copy of an instruction there, else NULL */
    bool runs_on;                   /* and goes on from it without a stop */
    uint64_t pad_kept;              /* what the register had that the copy uses */
    bool did_step;                  /* this stop is the end of that step and nothing else */
    uint8_t under[LIVE_INSTRUCTION_MAX]; /* the program's bytes at told_pc, see live_code_under */
    size_t under_size;                   /* of them are known; 0: not read */

    /* The handler of a signal passed while stepping runs, until pc and sp are here again. */
    bool in_handler;
    uint64_t handler_pc, handler_sp;

    struct registers registers;
    struct stub_thread_info info; /* good until it runs */
    bool has_info, has_core;
    uint64_t call;                /* the system call that it was seen to enter last */
    bool owes_return;             /* the client is to be told that it returned from that */
    uint64_t restart_pc, restart; /* see live_guard_restart */
    bool has_restart;
    unsigned debug_version;      /* of process->debug_version, as its debug registers are */
    struct disturbed *disturbed; /* by a call of ours that is not back yet, else NULL */
};
TAILQ_HEAD(threads, thread);
RB_HEAD(thread_tree, thread);

/* ---- breakpoints ---- */

/* An address with a software breakpoint, wished for by the client or still planted. */
struct plant {
    RB_ENTRY(plant) by_address;
    uint64_t address;
    bool soft_wish, hard_wish; /* Z0; Z1 where debug registers do not fire */
    unsigned returns; /* threads that run until they are back here, see live_plant_return */
    bool planted;
    uint8_t saved[LIVE_BREAKPOINT_MAX];    /* the program's own bytes while planted */
    struct lists *soft_lists, *hard_lists; /* of the wishes; NULL: none */
    /* What was read at the hits before, see foresee.c. */
    struct {
        uint64_t address;
        uint8_t size;
    } foreseen[LIVE_FORESEEN_MAX];
    uint8_t foreseen_count;
};
RB_HEAD(plant_tree, plant);

/* What was fetched at the hit that is being looked into. */
struct foresight {
    struct thread *t; /* NULL: none */
    struct plant *plant;
    unsigned count;
    struct piece {
        uint64_t address;
        uint8_t size;
        uint8_t bytes[LIVE_INSTRUCTION_MAX];
    } pieces[LIVE_FORESEEN_MAX + 1];
};

/* A wish that lives in debug registers or is watched by stepping. */
struct point {
    TAILQ_ENTRY(point) next;
    struct stub_point wish; /* its lists are in `lists` */
    struct lists *lists;
    unsigned slots;    /* bit per debug register */
    uint8_t *contents; /* watched by stepping: the bytes as they were, else NULL */
};
TAILQ_HEAD(points, point);

struct slot {
    uint64_t address;
    uint8_t size, access; /* the machine's own coding */
    uint8_t users;        /* 0: free */
};

/* ---- processes ---- */

enum origin { ORIGIN_LAUNCHED, ORIGIN_ATTACHED, ORIGIN_FORKED };

struct mapping {
    uint64_t start, end;
    uint8_t permissions;
    uint32_t name; /* offset into maps.text, 0: none */
};

struct maps {
    struct mapping *list;
    size_t count;
    char *text;
    bool fresh;
};

struct library {
    uint64_t lm, l_addr, l_ld;
    uint64_t space; /* the r_debug in whose list it is */
    char *name;
};

enum single { SINGLE_UNKNOWN, SINGLE_EVER, SINGLE_NOT };

struct process {
    TAILQ_ENTRY(process) next;
    struct live *live;
    pid_t pid;
    enum origin origin; /* a child that the client knows has its parent's */
    bool forked;        /* by one that was traced */
    bool hidden;        /* a fork's child that the client does not know */
    bool leaving;       /* let go: its threads are detached as they stop */
    bool halting;       /* its threads are being stopped: none may start */
    bool ended;
    bool buried;            /* gone, its memory is freed by live_sweep */
    struct process *shares; /* a vfork's child: whose memory and plants it uses */
    struct threads threads;
    struct thread *over;        /* stepping over a breakpoint: the others stand still */
    bool over_syscall;          /* the instruction under it is a system call */
    struct pad *pad;            /* where threads step over one beside others, NULL: none yet */
    bool no_pad;                /* and none is to be had */
    struct stub_action newborn; /* for threads born later */
    struct report end;

    struct plant_tree plants;
    bool plants_changed; /* wishes and planted bytes differ */
    bool lent;           /* to a vfork's child that was let go: nothing may be planted */
    bool fresh;          /* attached to, and not resumed since */
    bool stand_due;      /* STUB_PROCESS_STOP: a thread has something to tell, all shall stand */
    struct points points;
    struct slot slots[LIVE_SLOTS];
    unsigned debug_version;
    unsigned soft_watches;

    struct caught *caught; /* system calls that stop it, NULL: none */
    int mem;               /* /proc/PID/mem */
    struct maps maps;
    struct library *libraries;
    size_t library_count;
    struct loaded *loaded; /* as the stack walker wants them, NULL: not looked for */
    enum single single;
    struct glibc *glibc;      /* how its structs are laid out, NULL: not looked up yet */
    uint64_t debug_pointer;   /* where the program says where that is, 0: not looked for */
    bool has_no_linker;       /* it says so nowhere */
    uint64_t syscall_address; /* of a system call instruction, 0: not looked for yet */
    TAILQ_HEAD(, allocation) allocations;
    struct arch_layout layout;
    char exec_path[PATH_MAX];
};
TAILQ_HEAD(processes, process);

struct allocation {
    TAILQ_ENTRY(allocation) next;
    uint64_t address, size;
};

struct saved_registers {
    uint32_t number; /* 0: free */
    pid_t tid;
    struct registers registers;
};

/* A thread that stopped before its parent's clone, fork or vfork event was seen. */
struct early {
    TAILQ_ENTRY(early) next;
    pid_t tid;
    int status;
};

/* The edits to a launched program's surroundings. */
struct launch {
    char **edits; /* NAME=VALUE sets, NAME unsets */
    size_t edit_count, edit_bytes;
    char *directory;
    char *files[3];
    char **argv; /* of the last launch */
    bool randomize;
    bool shell; /* start through a shell */
    char *text; /* of the last launch: arguments that are the shell's to split, or NULL */
    int ended;  /* wait status of a child that ended before it was the program */
    unsigned patience_ms; /* with a child that waits for something before it is the program */
    bool said_random;     /* that addresses cannot be fixed here */
    bool said_shell;      /* that there is none here */
};

/* For a process of a name that is still to be started. */
struct waiting {
    bool on;
    char name[PATH_MAX];
    pid_t *known; /* those that were there before, ascending */
    size_t count, room;
};

struct live {
    struct live_config config;
    char why[512];
    char hostname[128], os_version[64]; /* handed out by host_info */
    char os_build[72], os_kernel[72], distribution[32];
    struct processes processes;
    struct thread_tree threads;
    struct threads awake;    /* see live_wake */
    struct thread *found;    /* the last one looked up, NULL */
    struct threads extended; /* those with a copy of their extended registers, oldest first */
    unsigned extended_count;
    unsigned freed; /* threads freed so far: loops that free some see that by it */
    TAILQ_HEAD(, early) early;

    struct reports queue;
    struct report *last; /* reported last and still there, for again() */
    struct report output, none, over_again;
    bool has_ended;
    int ended_status;
    bool standing;       /* everything is stopped for the client */
    bool slow_step;      /* the step under way takes long: it is waited for like anything else */
    bool unsure;         /* a thread could not be started: what became of it is to be looked for */
    unsigned short_ways; /* stops so far that were not asked for with all others, see step.c */
    enum stub_stop_mode mode;
    unsigned events;   /* enum stub_wanted_events */
    bool no_tls;       /* live_set_tls */
    bool lost_one;     /* a thread that was resumed has ended since the last look for none left */
    unsigned unreaped; /* that were dead when they were let go, and whose end is still ours */

    bool has_pass, has_program;
    uint8_t pass[32], program[32];

    int pty, pty_keep; /* captured output, and our hold on its other end; -1 */
    char pty_name[64];
    struct termios pty_modes; /* as a program finds them */
    uint8_t output_bytes[LIVE_OUTPUT_MAX];

    struct launch launch;
    pid_t terminal_owner; /* the process group that had the terminal before, 0 */

    struct arch_xsave xsave;
    struct arch_layout layout; /* of this machine; arch NULL until asked for */
    bool said_soft;
    uint8_t shadow_stacks; /* see emulate_x86_64.c */
    struct foresight foresight;

    struct saved_registers saved[LIVE_SAVED_MAX];
    uint32_t saved_next;

    int files[LIVE_FILES]; /* open for the client; -1 free */
    int files_root;        /* whose file system, -1 our own */

    char *osdata; /* the list that the client reads, see osdata.h */
    size_t osdata_size;
    const char *osdata_name; /* of which type it is */
    struct waiting waiting;
    uint32_t generation;      /* of lists of modules */
    char directory[PATH_MAX]; /* handed out by live_directory */
};

/* ---- files.c ---- */
extern const struct stub_files live_files;
void live_files_begin(struct live *live);
void live_files_close(struct live *live);

/* ---- live.c ---- */
int live_want_events(void *target, unsigned events);
int live_want_of_thread(void *target, struct rsp_id id, unsigned events);
/* Notes the cause of an error and returns -error. */
int live_fail(struct live *live, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void live_say(struct live *live, const char *format, ...) __attribute__((format(printf, 2, 3)));
long live_ptrace(int request, pid_t tid, uintptr_t address, uintptr_t data);

/* ---- process.c ---- */
struct process *live_process_new(struct live *live, pid_t pid, enum origin origin);
/* Forgets p. Loops over processes may be under way, so live_sweep frees what is left of it; every
 * operation that may bury one calls that at its end. */
void live_process_free(struct process *p);
void live_sweep(struct live *live);
struct process *live_process_find(struct live *live, int64_t pid);
/* Any with that pid that has not ended, known to the client or not. */
struct process *live_process_with(struct live *live, pid_t pid);
/* Prepares what depends on the program: memory, layout. After attach and exec. */
int live_process_open(struct process *p);
void live_process_ended(struct process *p, int status);
struct process *live_owner(struct process *p); /* of its memory and plants */
/* A vfork's child outlives the process whose memory it uses, or the program in it: it takes over
 * the plants, lifted, so that a breakpoint it has just hit can still be told from one of its own.
 * All who use that memory are let go. */
void live_hand_over_memory(struct process *p);
int live_kill(void *target, int64_t pid, bool tell);
int live_detach(void *target, int64_t pid);
int live_send_signal(void *target, int64_t pid, int signal);
/* Lets a stopped thread go with whatever signal it stopped for. */
void live_thread_let_go(struct thread *t);
/* Lets a process go; threads that cannot be stopped now follow when they stop. */
void live_process_let_go(struct process *p);
/* Gives those that were let go while they ran a moment to stop, so that they can be detached. */
void live_await_leaving(struct live *live);
void live_client_gone(void *target);
/* Kills p or lets it go, as nobody asked for: config.parts is told. */
void live_part_from(struct process *p, bool dies);

/* ---- threads.c ---- */
RB_PROTOTYPE(thread_tree, thread, by_tid, )
struct thread *live_thread_new(struct process *p, pid_t tid);
void live_thread_free(struct thread *t);
struct thread *live_thread_find(struct live *live, pid_t tid);
/* Of a thousand threads one may be stepped for long: what is done at each stop and start goes over
 * the awake ones only. All that run, are wanted, stand in the middle of a call or wait for a
 * handler's return are in that list; live_stand puts the others out of it. */
void live_wake(struct thread *t);
void live_let_sleep(struct live *live);
/* False for what the client need not know, or knows to be over. */
bool live_is_known(const struct process *p);
/* True when t is to be listed and resumed: its process is known, and its birth was told. */
bool live_is_met(const struct thread *t);
bool live_stands(const struct process *p); /* no thread of p runs */
/* The thread of id; tid 0 and -1 are any. NULL when there is none the client may know. */
struct thread *live_thread_of(struct live *live, struct rsp_id id);
int live_next_thread(void *target, struct rsp_id *id);
int live_find_thread(void *target, struct rsp_id *id);
/* A tid by which the process can be asked for. */
pid_t live_tid(const struct process *p);
/* The number behind "Name:" in /proc/TID/status, or -1. */
pid_t live_status_number(pid_t tid, const char *name);
/* The state letter of /proc, 0 when it is gone. */
char live_task_state(pid_t group, pid_t tid);
/* Is another thread than t left in that thread group of p? */
bool live_has_other(const struct process *p, const struct thread *t, pid_t group);
/* Removes a leader that has ended while others live. True when that was so. */
bool live_thread_is_zombie(struct thread *t);

/* ---- queue.c ---- */
void live_queue(struct live *live, struct report *r, bool held);
/* Before what is left untold of other programs. */
void live_queue_first(struct live *live, struct report *r);
/* The answer to a launch or an attach. */
void live_queue_arrival(struct thread *t, int signal);
void live_unqueue(struct live *live, struct report *r);
struct stub_event *live_stop_event(struct thread *t, enum stub_reason reason, int signal);
/* The stop of t is worth telling: queues what live_stop_event made. */
void live_tell(struct thread *t);
/* t has ended: it is forgotten, and who asked for the ends of threads is told. */
void live_thread_gone(struct thread *t, int status);
bool live_is_to_step(const struct thread *t); /* the client's wish: a step, or those of a range */
bool live_has_news(struct live *live);
/* The end of a step that is to be told next becomes the stop of an interrupt. */
void live_interrupt_step(struct live *live);
/* Drops int3 stops whose breakpoint has gone and stops whose PC the client changed: those of one
 * process, or (NULL) of all threads that are about to be resumed. */
void live_drop_stale(struct live *live, struct process *only);
int live_peek(void *target, unsigned kinds, struct stub_event *event);
void live_done(void *target, const struct stub_event *event);
void live_again(void *target);
int live_stop_of(void *target, struct rsp_id id, struct stub_event *event);
/* Forgets the stops that were not told. */
void live_queue_drop_stops(struct live *live);

/* ---- stops.c ---- */
/* Takes every wait status that is there. True when there was one. */
bool live_collect(struct live *live);
/* Children that a process which has just ended could not tell of any more are let go. */
void live_free_orphans(struct process *dead);
/* Not always may a stop be taken in without a look for others, see step.c. */
bool live_may_be_brief(struct live *live);
/* Not the next one. */
bool live_is_long_way_due(const struct live *live);
/* Takes in one wait status. */
void live_dispatch(struct live *live, pid_t tid, int status);
/* Stops all threads of p, or of every process the client knows when p is NULL. */
void live_halt(struct live *live, struct process *p);
/* Everything stops for the client. */
void live_stand(struct live *live);
int live_interrupt(void *target, struct rsp_id id);
int live_target_running(void *target, struct rsp_id id);
int live_stop_mode(void *target, enum stub_stop_mode mode);
/* gdb's non-stop mode: an attach stops one thread, the others go on. */
void live_run_others(struct process *p);
/* Non-stop: t shall stop, and tell that with a signal or 0. */
void live_ask_stop(struct thread *t, int signal);
void live_answer_asked(struct thread *t); /* it stands: tells that, unless there is better */
/* A thread that stands at an event in the middle of a call goes on to the end of that call. */
void live_leave_call(struct thread *t);

/* ---- classify.c ---- */
/* What a stop of t means: queues a report, or leaves it to live_go. */
void live_classify(struct thread *t, int status);
/* A step ended in the usual way: told, when the client's is over. */
void live_step_ended(struct thread *t);
/* Is the client's step over at this PC? */
bool live_is_step_over(struct thread *t, uint64_t pc);
/* Takes up a signal that waited for the end of a step over. True when it was queued. */
bool live_take_deferred(struct thread *t);
/* Keeps a signal that came at a bad moment. False: it is none, or the instruction's own doing. */
bool live_defer(struct thread *t, int status);
/* Sends those again that came after it. */
void live_resend_deferred(struct thread *t);

/* ---- fork.c ---- */
void live_forked(struct thread *parent, pid_t child, int event);
void live_cloned(struct thread *parent, pid_t child);
/* The first stop of a thread or process just born. */
void live_born(struct thread *t);
/* A child of `dead` that nobody knows stands at its birth: it is let go, clean. */
void live_orphan(struct process *dead, pid_t tid);
struct thread *live_execed(struct process *p, struct thread *leader);

/* ---- apart.c ---- */
bool live_is_thread_of(pid_t group, pid_t tid);
bool live_shares_memory(pid_t a, pid_t b, bool otherwise);
/* t is a clone outside its creator's thread group. */
void live_apart_born(const struct thread *creator, struct thread *t);
/* The process that the client takes that thread group for. NULL when it is none of ours. */
struct process *live_process_of_group(struct live *live, pid_t group);
/* The clones of a thread group, or (0) of all but p's own, are no threads of p any more but
 * children that nobody asked about; those with a memory of their own are let go at once. */
void live_apart_part(struct process *p, pid_t group);
void live_apart_kill(const struct process *p);

/* ---- resume.c ---- */
int live_resume(void *target, struct stub *s);
/* Starts every stopped thread that may run. */
void live_go(struct live *live);
/* After a stop: everything stands when there is something to tell (true), else all that may go on
 * does. */
bool live_go_on(struct live *live);
/* Starts a stopped thread as its action says; how as PTRACE_..., 0: chosen here. */
void live_start(struct thread *t, int how);
bool live_in_list(const uint8_t *list, int signal);

/* ---- over.c ---- */
bool live_over_needed(struct thread *t);
void live_over_begin(struct thread *t);
/* A stop of the thread that steps over. True: that was all, leave the thread to live_go. */
bool live_over_stopped(struct thread *t, int status);
void live_over_end(struct process *p);

/* ---- foresee.c ---- */
/* t hit b: fetches what will be read, in one call. Good until nothing is foreseen. */
void live_foresee(struct thread *t, struct plant *b);
void live_foresee_nothing(struct live *live);
/* False: it was not fetched. It is read then, and foreseen next time. */
bool live_foreseen(struct thread *t, uint64_t address, void *bytes, size_t size);
void live_foresee_next(struct thread *t, uint64_t address, size_t size);

/* ---- pad_x86_64.c ---- */
/* Has a page mapped for t and those after it. True when that was done just now. */
bool live_pad_open(struct thread *t);
/* Starts t, which stands at a breakpoint, on a copy of the instruction under it. False, and
 * nothing done: that cannot be. */
bool live_pad_enter(struct thread *t);
/* A stop of t in there: it stands where it would without. False: that was all, leave the thread to
 * live_go. */
bool live_pad_stopped(struct thread *t, int status);
void live_pad_forget(struct process *p); /* the program's memory is another */
void live_pad_close(struct process *p);  /* all its threads stand: the page goes */

/* ---- emulate_x86_64.c ---- */
/* The instruction under the breakpoint that t stands at, *n bytes with what follows it; good until
 * live_emulate is asked again. */
const uint8_t *live_code_under(struct thread *t, size_t *n);
bool live_has_shadow_stack(struct thread *t);
/* Does the instruction under the breakpoint that t stands at. False, and nothing done: it has to
 * be stepped over. */
bool live_emulate(struct thread *t);
/* Does instructions of a thread that is about to step, as long as that is the same as stepping;
 * tells the end of the step when it comes to that. */
void live_emulate_step(struct thread *t);

/* ---- plant.c ---- */
RB_PROTOTYPE(plant_tree, plant, by_address, )
int live_insert(void *process, const struct stub_point *point);
int live_remove(void *process, const struct stub_point *point);
struct plant *live_plant_at(struct process *p, uint64_t address);
bool live_is_planted(struct process *p, uint64_t address);
bool live_is_wished(struct process *p, uint64_t address);  /* as a software breakpoint */
bool live_is_guarded(struct process *p, uint64_t address); /* as a hardware breakpoint */
bool live_plant_is_needed(const struct plant *b);          /* by the client or by a return */
/* A thread hit b, where its PC is: true when the client is to be told. */
bool live_plant_tells(struct thread *t, const struct plant *b);
/* Lets t run until its PC and SP are what they are now; says whether it is back at address (and
 * ends that then); ends it. */
void live_plant_return(struct thread *t);
bool live_plant_is_return(struct thread *t, uint64_t address);
void live_plant_return_end(struct thread *t);
void live_plant_sync(struct process *p); /* makes the planted bytes what is wished */
bool live_plant_put(struct process *p, struct plant *b);
void live_plant_lift(struct process *p, struct plant *b);
void live_plant_lift_all(struct process *p);
void live_plant_forget(struct process *p); /* after exec: nothing is planted, nothing wished */
void live_plant_clean(struct process *p, struct process *copy); /* int3s out of a fork's copy */
/* A fork's child has the wishes of its parent, and its planted bytes. False: no memory. */
bool live_plant_copy(struct process *p, struct process *child);
void live_wishes_drop(struct process *p);
/* True when something is planted in that range. */
bool live_hides(struct process *p, uint64_t address, size_t n);
/* True when something will be while threads run, planted already or not. */
bool live_will_hide(struct process *p, uint64_t address, size_t n);
/* Puts the program's own bytes over planted ones in a copy of memory. */
void live_unshadow(struct process *p, uint64_t address, uint8_t *bytes, size_t n);
/* Puts planted breakpoints into bytes about to be written, and after it keeps what they hide. */
void live_shadow(struct process *p, uint64_t address, uint8_t *bytes, size_t n);
void live_keep_hidden(struct process *p, uint64_t address, const uint8_t *bytes, size_t n);
bool live_debug_works(struct live *live);

/* ---- conditions.c ---- */
/* Keeps a copy of a wish's lists in the place of those that were there. */
int live_lists_set(struct live *live, struct lists **lists, const struct stub_point *wish);
void live_lists_free(struct lists **lists);
/* For a fork's child. NULL when there are none, or no memory: then every hit is told. */
struct lists *live_lists_copy(const struct lists *lists);
/* A thread hit the point that has these lists (NULL: none): true when the client is to be told.
 * Commands are run here. */
bool live_lists_tell(struct thread *t, const struct lists *lists);

/* ---- catch.c ---- */
int live_catch_syscall(void *process, enum stub_catch what, uint64_t number);
void live_catch_free(struct process *p);
/* t stands at the entry or the return of a system call: true when the client catches that one. */
bool live_catches(struct thread *t, enum stub_reason *reason, uint64_t *number);
/* t is taken past the return of its call unseen. And when t is to run again: true when that
 * return was queued instead, because by now the client catches it. */
void live_catch_owe(struct thread *t);
bool live_catch_pay(struct thread *t);

/* ---- elf.c ---- */
struct elf_header {
    uint32_t type; /* PT_... */
    uint64_t address, size, align;
};
bool live_read_word(struct process *p, uint64_t address, uint64_t *v);
/* The first program header of that type. */
bool live_exe_header(struct process *p, uint32_t type, struct elf_header *h);
bool live_library_header(struct process *p, uint64_t base, uint32_t type, struct elf_header *h);
/* Where the executable's _DYNAMIC is, and where in one the value with that DT_... is. */
bool live_exe_dynamic(struct process *p, uint64_t *dynamic);
bool live_dynamic_entry(struct process *p, uint64_t dynamic, int64_t tag, uint64_t *value_at);
bool live_library_symbol(struct process *p, const struct library *l, const char *name,
                         uint64_t *address);

/* ---- tls.c ---- */
int live_tls_address(void *target, struct rsp_id id, uint64_t offset, uint64_t lm,
                     uint64_t *address);
void live_tls_forget(struct process *p); /* what is known of its libc */

/* ---- osdata.c ---- */
int live_osdata(void *target, const char *what, struct rsp_window *w);
void live_osdata_free(struct live *live);

/* ---- debug_x86_64.c ---- */
extern const bool live_debug_reads; /* reads can be watched without writes */
int live_debug_insert(struct process *p, const struct stub_point *wish, unsigned *slots);
void live_debug_remove(struct process *p, unsigned slots);
void live_debug_flush(struct thread *t);
void live_debug_clear(struct thread *t);
/* The slots that made t stop, cleared by asking. */
unsigned live_debug_hits(struct thread *t);

/* ---- watch.c ---- */
int live_watch_insert(struct process *p, struct point *w);
void live_watch_refresh(struct process *p);
/* The point whose bytes changed, or NULL; its copy is brought up to date. */
struct point *live_watch_changed(struct process *p);

/* ---- memory.c ---- */
bool live_read_memory(void *process, uint64_t address, void *buffer, size_t size, size_t *n);
int live_write_memory(void *process, uint64_t address, const void *bytes, size_t size);
/* The same without regard to planted bytes; the read returns the readable prefix. */
size_t live_read_raw(struct process *p, uint64_t address, void *buffer, size_t size);
bool live_write_raw(struct process *p, uint64_t address, const void *bytes, size_t size);
bool live_read_all(struct process *p, uint64_t address, void *buffer, size_t size);

/* ---- regs.c ---- */
bool live_load_general(struct thread *t);
void live_flush_registers(struct thread *t);
void live_forget_registers(struct thread *t);
void live_drop_extended(struct thread *t);
int live_get_register(void *target, struct rsp_id id, const struct arch_register *r, void *v);
int live_put_register(void *target, struct rsp_id id, const struct arch_register *r,
                      const void *v);
int live_save_registers(void *target, struct rsp_id id, uint32_t *number);
int live_restore_registers(void *target, struct rsp_id id, uint32_t number);
const struct arch_layout *live_layout(void *target, int64_t pid);

/* ---- regs_x86_64.c ---- */
enum trap { TRAP_OF_BREAKPOINT, TRAP_OF_STEP, TRAP_OF_DEBUG, TRAP_OF_HANDLER, TRAP_OF_USER };
enum trap live_trap_of(const siginfo_t *info);
/* The layout of every process: x86-64 as this CPU and Linux have it. */
const struct arch_layout *live_machine_layout(struct live *live);
unsigned live_set_of(const struct arch_register *r); /* ARCH_SET_... */
uint32_t live_extended_size(struct live *live);
int live_extended_type(struct live *live); /* NT_... */
void live_register_sets(struct thread *t, struct arch_sets *sets);
/* All of these ask for a stopped thread; false and nothing done when it is gone. */
bool live_get_pc(struct thread *t, uint64_t *pc);
bool live_set_pc(struct thread *t, uint64_t pc);
/* A thread that was stepped from `start` stands by a SIGTRAP: do its registers say that it did
 * that instruction and that nothing else can have happened? False also where they do not say. */
bool live_step_was_plain(struct thread *t, uint64_t start);
bool live_get_sp(struct thread *t, uint64_t *sp);
bool live_get_thread_pointer(struct thread *t, uint64_t *tp);
/* Keeps an interrupted system call from being restarted at a changed PC, see there. */
void live_guard_restart(struct thread *t, uint64_t old_pc);
bool live_is_syscall(struct process *p, uint64_t address);
/* The bytes of a system call instruction, for planting one. */
extern const uint8_t live_syscall_bytes[];
extern const size_t live_syscall_size;
bool live_set_syscall(struct thread *t, uint64_t pc, long number, const uint64_t args[6]);
bool live_syscall_result(struct thread *t, uint64_t *result);
/* The number of the call that t is in or returns from; left alone where the kernel does not say
 * (after sigreturn, whose registers are those of another place). */
void live_syscall_number(struct thread *t, uint64_t *number);
/* NULL when the program in that ELF header is for us, else the machine's name. */
const char *live_foreign_machine(const uint8_t *elf, size_t n);

/* ---- inject.c ---- */
/* Lets a stopped thread of p do one system call; its registers are as before. */
int live_syscall(struct process *p, long number, const uint64_t args[6], uint64_t *result);
/* A thread that did not come back from one in time has stopped: it is put where it was. */
void live_undisturb(struct thread *t);
int live_allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address);
int live_deallocate(void *process, uint64_t address);

/* ---- launch.c, attach.c, output.c ---- */
int live_target_launch(void *target, const char *args, size_t size);
int live_target_launch_text(void *target, const char *program, const char *text);
int live_target_attach(void *target, int64_t pid);
int live_launch_option(void *target, enum stub_launch_option option, const char *text);
void live_launch_free(struct live *live);
unsigned live_trace_options(enum origin origin);
int live_target_attach_name(void *target, const char *name, enum stub_attach_how how);
void live_stop_waiting(struct live *live);
/* Does a seccomp filter stand above this process? */
bool live_is_filtered(void);
/* The machine that a running program is for, NULL when it is ours. */
const char *live_foreign_program(pid_t pid);
bool live_output_open(struct live *live);
/* Reads captured output when none waits to be reported. */
void live_output_collect(struct live *live);
void live_output_told(struct live *live, size_t n);
void live_output_close(struct live *live);
int live_input(void *target, const void *bytes, size_t size);
void live_terminal_give(struct live *live, pid_t group);
void live_terminal_take(struct live *live);

/* ---- proc.c, libraries.c ---- */
int live_auxv(void *process, struct rsp_window *w);
int live_exec_file(void *process, struct rsp_window *w);
int live_siginfo(void *target, struct rsp_id id, struct rsp_window *w);
int live_put_siginfo(void *target, struct rsp_id id, uint64_t offset, const void *bytes,
                     size_t size);
int live_region(void *process, uint64_t address, struct stub_region *region);
int live_thread_info(void *target, struct rsp_id id, struct stub_thread_info *info);
int live_host_info(void *target, struct stub_host_info *info);
int live_process_info(void *target, int64_t pid, struct stub_process_info *info);
int live_load_address(void *process, const char *path, uint64_t *address);
int live_directory(void *target, const char **path);
bool live_maps_load(struct process *p);
void live_maps_drop(struct process *p);
void live_maps_free(struct process *p);
/* Reads a file of /proc/TID into buf; its length, NUL-terminated, or -1. */
ssize_t live_proc_read(pid_t tid, const char *name, void *buf, size_t size);
/* Field `number` of /proc/PID/stat, counting the state behind the command's ')' as 3; or -1. */
int live_stat_field(const char *text, int number);
bool live_proc_link(pid_t tid, const char *name, char *buf, size_t size);
bool live_auxv_get(struct process *p, uint64_t type, uint64_t *value);
/* Reads the list of libraries anew; the executable is its first. */
void live_libraries_load(struct process *p);
int live_libraries(void *process, struct rsp_window *w, bool for_gdb);
int live_libraries_from(void *process, struct rsp_window *w, uint64_t space, uint64_t start,
                        uint64_t previous);
int live_shlib_info(void *process, uint64_t *address);
void live_libraries_free(struct process *p);

/* ---- modules.c, single.c ---- */
int live_modules(void *process, uint64_t unknown, struct stub_modules *modules);
/* A breakpoint was hit there: it may be where the dynamic linker tells of news. */
void live_modules_stop_at(struct process *p, uint64_t pc);
void live_modules_free(struct process *p);
int live_stays_single(void *process);

#endif
