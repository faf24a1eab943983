/* bt.h - what the files of `stubborn bt` share. Private. */
#ifndef STUB_PROGRAM_BT_H
#define STUB_PROGRAM_BT_H

#include <stdio.h>
#include <sys/types.h>

#include "stub/image/image.h"

struct bt_options {
    pid_t pid;
    const char *core; /* or a core file, */
    const char *comm; /* or a server of the remote serial protocol */
    const char *exe;  /* with the program that made it, or NULL */
    bool one;         /* -1: only the first thread */
    unsigned most;    /* -n: frames a thread, 0 all */
    bool module;      /* -m */
    bool build_id;    /* -b */
    bool inlines;     /* -i */
    bool source;      /* -s */
    bool debugname;   /* -d: names from debugging information */
    bool raw;         /* -r: names as the linker has them */
    bool quiet;       /* -q: no names */
    bool activation;  /* -a: - 1 where the frame's code is before its PC */
    bool list;        /* -l: modules before the stacks */
    bool scan;        /* --scan */
    bool json, verbose;
    const char *debug_path; /* --debuginfo-path, or NULL */
};

struct bt_frame {
    uint64_t pc;
    bool called; /* the code that pc stands for is before it */
    bool signal;
    uint8_t source, trust;
    ssize_t image;    /* index, or -1 */
    const char *name; /* NULL: none found; lives as long as the image's file */
    uint64_t offset;  /* from the start of name to pc */
};

struct bt_thread {
    pid_t tid;
    struct bt_frame *frame;
    size_t count;
    struct unwind_end end;
    const char *why;  /* when there is no stack at all */
    double stood_for; /* microseconds */
};

struct dump;

struct bt_stacks {
    struct images images;
    struct dump *dump; /* of a core */
    bool remote;       /* not all code of it is known */
    unsigned round_trips;
    uint32_t line_bytes; /* of memory that the walker reads at once; 0: a page */
    struct arch_memory memory;
    struct bt_thread *thread;
    size_t count;
};

/* bt_threads.c: takes registers and stacks of all threads and walks them. NULL, or what is wrong.
 */
const char *bt_walk_process(const struct bt_options *options, struct bt_stacks *stacks);

/* bt_core.c: the same for a core. It stays open until the stacks are freed. */
const char *bt_walk_core(const struct bt_options *options, struct bt_stacks *stacks);
/* Its files as modules; images->memory is set. False: no memory. */
bool bt_find_core_images(struct images *images, struct dump *dump);
/* Says on standard error when the program that made it is not to be had. */
void bt_say_trouble(const char *core, const struct dump *dump);
/* bt_remote.c: the same for who answers at COMM. "": what is wrong was said already. */
const char *bt_walk_remote(const struct bt_options *options, struct bt_stacks *stacks);
void bt_close_core(struct bt_stacks *stacks);

/* bt_walk.c: a machine as the walker and the registers' rows know it, and walks with it. */
struct bt_machine {
    const struct arch *arch;
    const struct unwind_machine *unwind;
    unsigned pc, sp; /* numbers in struct unwind_registers */
};
const struct bt_machine *bt_machine_of(const struct arch *arch);
struct bt_walker;
/* NULL when memory is short. pac_mask: 0 unknown. */
struct bt_walker *bt_open_walker(const struct bt_options *options, struct bt_stacks *stacks,
                                 const struct bt_machine *machine,
                                 const struct arch_memory *memory, uint64_t pac_mask);
void bt_close_walker(struct bt_walker *walker);
void bt_get_registers(const struct bt_machine *machine, const struct arch_sets *sets,
                      struct unwind_registers *registers);
void bt_walk_thread(struct bt_walker *walker, const struct unwind_registers *registers,
                    struct bt_thread *thread);
struct bt_thread *bt_add_thread(struct bt_stacks *stacks, pid_t tid);

/* bt_names.c: where the image's debug file is to be, by its build-id. False: it is not there. */
enum { BT_PATH_MAX = 512 };
bool bt_debug_file(const struct bt_options *options, const struct image *image,
                   char path[BT_PATH_MAX]);
/* Fills in name and offset of every frame: one pass over the symbols of a module. */
struct bt_debug;
struct bt_debug *bt_name_frames(const struct bt_options *options, struct bt_stacks *stacks);
/* Calls `say` with each function inlined at the frame, innermost first, then with the function
 * itself; names may be NULL, file may be NULL. */
typedef void bt_say_fn(void *context, const char *name, const char *file, int line, int column);
void bt_describe(struct bt_debug *debug, const struct bt_stacks *stacks,
                 const struct bt_frame *frame, bool inlines, bt_say_fn *say, void *context);
void bt_free_names(struct bt_debug *debug, const struct bt_stacks *stacks);

/* bt_progress.c: shows on standard error, if that is a terminal, how far it came once it takes
 * long; takes that away again. */
void bt_progress(size_t done, size_t all);
void bt_progress_end(void);

/* demangle.c: a name as the C++ source has it, to be freed; NULL: it is none, or nobody knows. */
char *bt_demangle(const char *name);

/* bt_print.c */
void bt_print(FILE *out, const struct bt_options *options, struct bt_debug *debug,
              const struct bt_stacks *stacks);

#endif
