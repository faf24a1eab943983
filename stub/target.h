/* target.h - what a target is: the operations that the engine asks for.
 *
 * A target fills one const struct stub_target and brings an object of its own, which comes back
 * as the first argument `target`; operations whose first argument is `process` get what process()
 * gives, or the object itself when that is NULL. An operation that is NULL is an absent
 * capability: the packets that need it get the empty reply and are not advertised. The machine
 * (or layout) is all that must be there. Memory and registers alone make a target that never
 * runs; one that runs adds resume, peek and done; again, interrupt, detach, insert and remove
 * come next.
 *
 * Results: 0 is success; -E is an error number (enum stub_error, Linux's numbers), which goes to
 * the client as it is; STUB_LATER says "not yet": the target keeps the progress, rings
 * stub_doorbell() when it has some, and the engine asks the very same things again in the same
 * order. An operation that was answered is asked again within the same request too, so a late
 * target remembers its answers until settled() is called. Nothing here may block for long.
 *
 * Strings handed in are NUL-terminated and good for the call only; strings handed out are the
 * target's and stay good until the next call. */
#ifndef STUBBORN_TARGET_H
#define STUBBORN_TARGET_H

#include <limits.h>

#include "arch/arch.h"
#include "rsp/rsp.h"

#ifdef __cplusplus
extern "C" {
#endif

struct stub;

#define STUB_LATER INT_MIN

/* Error numbers, Linux's errno: what lldb prints of an Exx. GDB only shows the number. */
enum stub_error {
    STUB_EPERM = 1,
    STUB_ENOENT = 2,
    STUB_ESRCH = 3,
    STUB_EINTR = 4,
    STUB_EIO = 5,
    STUB_E2BIG = 7,
    STUB_ENOMEM = 12,
    STUB_EACCES = 13,
    STUB_EFAULT = 14,
    STUB_EBUSY = 16,
    STUB_EEXIST = 17,
    STUB_EINVAL = 22,
    STUB_ENOSPC = 28,
    STUB_ERANGE = 34,
    STUB_ENOTSUP = 95
};

/* ---- events: what the target has to tell ---- */

enum stub_event_kind {
    STUB_STOPPED,     /* a thread stopped, see reason */
    STUB_EXITED,      /* the process of id.pid ended with `status` */
    STUB_SIGNALLED,   /* the process of id.pid ended by `signal` */
    STUB_OUTPUT,      /* `text`: what the program printed */
    STUB_THREAD_GONE, /* thread id ended with `status` (QThreadEvents) */
    STUB_NONE_LEFT,   /* nothing that was resumed is left */
    STUB_FILE_REQUEST /* `text`: what the program wants of the debugger's machine ("File-I/O
                         Remote Protocol Extension"), behind the F: "write,1,2000,5". It stands
                         until file_answer, and its memory is read and written meanwhile. Only
                         when stub_does_files() */
};
/* For peek: a bit (1u << kind) for each kind that is asked for. */
#define STUB_ANY_EVENT 0xffu

enum stub_reason {
    STUB_NO_REASON, /* stopped because others did */
    STUB_SIGNAL,    /* of a fault `status` is Linux's si_code and `address` the data's, if known */
    STUB_TRACE,     /* a step ended */
    STUB_SWBREAK,   /* PC already stands at the breakpoint */
    STUB_HWBREAK,
    STUB_WATCH, /* written; `address` is the data */
    STUB_RWATCH,
    STUB_AWATCH,
    STUB_EXEC, /* `text` is the new program's path */
    STUB_FORK, /* `other` is the child */
    STUB_VFORK,
    STUB_VFORK_DONE,
    STUB_CLONE,
    STUB_SYSCALL_ENTRY, /* `status` is the system call's number */
    STUB_SYSCALL_RETURN,
    STUB_LIBRARY,
    STUB_CREATED /* the thread was just born (QThreadEvents) */
};

/* What an event stops. */
enum stub_stop_mode {
    STUB_ALL_STOP,
    STUB_NON_STOP,    /* its own thread: gdb's non-stop mode */
    STUB_PROCESS_STOP /* all threads of its process, each of which is told: lldb-server's */
};

/* What a client wants to hear of beside stops, signals and ends. */
enum stub_wanted_events {
    STUB_WANT_FORK = 1u,  /* STUB_FORK of the parent; both sides stand, the child is known */
    STUB_WANT_VFORK = 2u, /* the same for vfork, and STUB_VFORK_DONE */
    STUB_WANT_EXEC = 4u,
    STUB_WANT_THREADS = 8u,    /* STUB_CREATED and STUB_THREAD_GONE, of every thread */
    STUB_WANT_NONE_LEFT = 16u, /* STUB_NONE_LEFT */
    /* Of one thread (QThreadOptions). */
    STUB_WANT_CLONE = 1u, /* STUB_CLONE; both stand */
    STUB_WANT_EXIT = 2u   /* STUB_THREAD_GONE */
};

struct stub_event {
    uint8_t kind;   /* enum stub_event_kind; bytes, so that 1,000 of them stay small */
    uint8_t reason; /* enum stub_reason */
    int signal;     /* the target's own number (see linux_signals); 0 none */
    int status;
    struct rsp_id id;
    struct rsp_id other;
    uint64_t address;
    uint32_t slot;       /* which watchpoint, counting from 0 */
    const uint8_t *text; /* the target's, until done() */
    size_t text_size;
};

/* ---- what the client wants of a thread at a resume ---- */

enum stub_action_kind {
    STUB_STAY, /* leave it as it is */
    STUB_CONTINUE,
    STUB_STEP,
    STUB_RANGE, /* step while PC is in [start, end); start == end is one step. A target may make
                   one step of it: the client then asks again */
    STUB_STOP   /* in non-stop mode: if it runs it stops, for no reason (vCont;t) */
};

struct stub_action {
    uint8_t kind;
    int signal; /* to deliver, the target's own number; 0 none */
    uint64_t start, end;
};

/* During resume(): what the running request wants of this thread (GDB manual, vCont: the leftmost
 * action that matches). {pid, 0} asks what threads born later in that process get. */
struct stub_action stub_action(struct stub *s, struct rsp_id thread);
/* During resume(): true when the request speaks of one thread by its id, and so every other that
 * is there gets STUB_STAY. A target of many threads need not ask for each of them then. */
bool stub_action_only(struct stub *s, struct rsp_id *thread);

/* True when a client waits that will do what a STUB_FILE_REQUEST asks: a gdb, in all-stop mode.
 * Else the target refuses such wishes itself. */
bool stub_does_files(const struct stub *s);

/* ---- breakpoints and watchpoints (GDB manual, z0..z4) ---- */

enum {
    STUB_POINT_SOFTWARE,
    STUB_POINT_HARDWARE,
    STUB_POINT_WRITE,
    STUB_POINT_READ,
    STUB_POINT_ACCESS
};

struct stub_point {
    uint8_t type;
    uint64_t address;
    uint32_t kind; /* breakpoint kind, or length of the watched range in bytes */
    /* Agent expressions as stub/agent.h has lists of them, for a target that `evaluates`: nobody
     * is told of a hit unless one of the conditions holds (no conditions: always); where there
     * are commands they are run then, and nobody is told at all. Good for the call only. */
    const uint8_t *conditions, *commands;
    size_t conditions_size, commands_size;
    bool persist; /* the client wishes its commands to go on when it is gone */
};

/* Which system calls stop a process, at their entry and at their return. */
enum stub_catch {
    STUB_CATCH_NONE,
    STUB_CATCH_ALL,
    STUB_CATCH_TOO /* besides those that are caught already, this number */
};

/* ---- answers ---- */

struct stub_thread_info {
    char name[32]; /* NUL-terminated, may be empty */
    int core;      /* -1 unknown */
    /* What the program's thread library calls it (pthread_t), in target byte order; size 0: not
     * known. */
    uint8_t handle[8];
    uint8_t handle_size;
};

/* Whoever asks only for the name sets core to this before: a target need not find it out then. */
enum { STUB_ANY_CORE = -2 };

enum { STUB_READ = 1, STUB_WRITE = 2, STUB_EXECUTE = 4 };

/* The stretch of memory around an address. Unmapped stretches have no permissions. */
enum stub_region_kind { STUB_RAM, STUB_ROM, STUB_FLASH, STUB_DEVICE };
struct stub_region {
    uint64_t start, size; /* size 0: up to the top of memory */
    bool mapped;
    uint8_t permissions;
    uint8_t kind;        /* enum stub_region_kind */
    uint32_t block_size; /* of flash */
    const char *name;    /* path, "[stack]" or NULL */
};

struct stub_process_info {
    int64_t pid, parent;
    uint32_t uid, gid, euid, egid;
};

/* Text without ; or : in it; NULL where unknown. */
struct stub_host_info {
    const char *ostype;     /* "linux" */
    const char *vendor;     /* "pc" */
    const char *abi;        /* "gnu" */
    const char *os_version; /* "6.1.0" */
    const char *hostname;
    uint32_t page_size;
    uint8_t watchpoints;      /* hardware slots, 0 when not known */
    const char *os_build;     /* "6.1.0-26-amd64"; any text, as the next two */
    const char *os_kernel;    /* "#1 SMP Debian 6.1.112" */
    const char *distribution; /* "debian" */
};

/* What a client sets before a launch. */
enum stub_launch_option {
    STUB_ENV_SET,   /* NAME=VALUE */
    STUB_ENV_UNSET, /* NAME */
    STUB_ENV_RESET, /* back to the server's own */
    STUB_DIRECTORY, /* path; empty: the server's own */
    STUB_RANDOMIZE, /* "0" or "1": address space randomization */
    STUB_SHELL,     /* "0" or "1": start through a shell */
    STUB_STDIN,     /* path */
    STUB_STDOUT,
    STUB_STDERR,
    STUB_DETACH_ON_ERROR
};

/* Which process of a name (LLDB's docs/resources/lldbgdbremote.md). */
enum stub_attach_how {
    STUB_ATTACH_OLD,       /* vAttachName: one that is there */
    STUB_ATTACH_NEW,       /* vAttachWait: the next that is started */
    STUB_ATTACH_NEW_OR_OLD /* vAttachOrWait */
};

enum stub_signal_list { STUB_PASS_SIGNALS, STUB_PROGRAM_SIGNALS };

/* ---- files of the machine that the target runs on (GDB manual, "Host I/O Packets") ---- */

/* The bits of an open, the protocol's own numbers (GDB manual, "Open Flags"). */
enum {
    STUB_OPEN_WRITE = 1, /* only */
    STUB_OPEN_BOTH = 2,
    STUB_OPEN_APPEND = 0x8,
    STUB_OPEN_CREATE = 0x200,
    STUB_OPEN_TRUNCATE = 0x400,
    STUB_OPEN_EXCLUSIVE = 0x800
};

struct stub_file_stat {
    uint64_t dev, ino, rdev, size, block_size, blocks;
    uint32_t mode, links, uid, gid; /* mode as Linux has it */
    int64_t atime, mtime, ctime;    /* seconds since 1970 */
};

/* Descriptors are the target's own numbers, 0 and up. Paths are absolute or the server's own;
 * they mean the file system of the process that root() named last (0: the server's). Errors are
 * -errno of Linux; read and write say in *done how much was moved, 0 at the end. All are there,
 * or the whole struct is absent. Files still open when a client goes are closed. */
struct stub_files {
    int (*root)(void *target, int64_t pid);
    int (*open)(void *target, const char *path, unsigned flags, unsigned mode);
    int (*close)(void *target, int fd);
    int (*read)(void *target, int fd, uint64_t offset, void *buffer, size_t size, size_t *done);
    int (*write)(void *target, int fd, uint64_t offset, const void *bytes, size_t size,
                 size_t *done);
    int (*stat)(void *target, int fd, struct stub_file_stat *stat);
    int (*stat_path)(void *target, const char *path, bool follow, struct stub_file_stat *stat);
    int (*unlink)(void *target, const char *path);
    int (*readlink)(void *target, const char *path, char *buffer, size_t size, size_t *done);
};

/* ---- the machine that the server runs on (LLDB's docs/resources/lldbplatformpackets.md) ---- */

/* Which processes a client wants listed: what is not said matches all. */
enum stub_name_match {
    STUB_NAME_ANY,
    STUB_NAME_EQUALS,
    STUB_NAME_BEGINS,
    STUB_NAME_ENDS,
    STUB_NAME_CONTAINS,
    STUB_NAME_REGEX
};
enum { STUB_ANY_ID = -1 };
struct stub_process_match {
    enum stub_name_match how;
    const char *name;                          /* of the program, without its directory */
    const char *machine;                       /* the first word of a triple; NULL or "": any */
    int64_t pid, parent, uid, gid, euid, egid; /* STUB_ANY_ID: any */
    bool all_users;                            /* else the server's own user's only */
};

/* A process of the machine, debugged or not. args: NUL-terminated strings back to back. */
struct stub_host_process {
    struct stub_process_info ids;
    const char *path; /* of its program, or its name where that is not known */
    const char *args;
    size_t args_size;
    const char *machine; /* as stub_process_match has it; "" unknown */
};

/* A file with code in it. */
struct stub_module {
    const uint8_t *build_id; /* 0 bytes: it has none */
    size_t build_id_size;
    uint8_t md5[16]; /* of the whole file, where there is no build id */
    uint64_t offset, size;
    const char *machine;
};

/* How a command of the shell ended: by itself with `status`, or by `signal`. */
struct stub_shell_result {
    int status, signal;
    const uint8_t *text; /* what it printed, both outputs */
    size_t size;
};

/* All are there but shell, which the user may keep from clients. Errors are -errno of Linux. The
 * first argument is stub_target's host_object. */
struct stub_host {
    /* Begins a list that next_process walks: 1, 0 past the last. */
    int (*find_processes)(void *host, const struct stub_process_match *match);
    int (*next_process)(void *host, struct stub_host_process *process);
    int (*process)(void *host, int64_t pid, struct stub_host_process *process);
    int (*user_name)(void *host, uint32_t id, const char **name);
    int (*group_name)(void *host, uint32_t id, const char **name);
    int (*make_directory)(void *host, const char *path, unsigned mode);
    int (*change_mode)(void *host, const char *path, unsigned mode);
    int (*make_link)(void *host, const char *path, const char *leads_to);
    int (*md5)(void *host, const char *path, uint8_t digest[16]);
    /* The module in that file, if it is for that machine (NULL or "": any). */
    int (*module)(void *host, const char *path, const char *machine, struct stub_module *module);
    /* The index-th path that begins so: 1, or 0 past the last. Directories end in '/'. */
    int (*complete)(void *host, const char *begin, bool only_directories, unsigned index,
                    const char **path);
    /* Runs a command line there ("": where the server is), for at most so many seconds. */
    int (*shell)(void *host, const char *command, const char *directory, unsigned seconds,
                 struct stub_shell_result *result);
};

/* Servers started for a client of `platform`, each for one program. */
struct stub_server {
    int64_t pid;
    uint16_t port;    /* 0: it listens at a socket file */
    const char *path; /* of that file; NULL none */
};

struct stub_servers {
    int (*start)(void *target, uint16_t port, struct stub_server *server); /* port 0: any */
    /* The index-th that waits for its client: 1, or 0 past the last. */
    int (*waiting)(void *target, unsigned index, struct stub_server *server);
    /* Ends a process that was started here; -STUB_ESRCH for any other. */
    int (*kill)(void *target, int64_t pid);
};

/* Sorted, disjoint, as arch/unwind/unwind.h has them. The generation differs from that of another
 * list of the same process. */
struct unwind_module;
struct stub_modules {
    const struct unwind_module *list;
    size_t count;
    uint32_t generation;
};

/* ---- the target ---- */

struct stub_target {
    size_t size;        /* sizeof(struct stub_target), or of struct stub_small_target */
    bool linux_signals; /* signal numbers of events and actions are Linux's, else gdb's */

    /* The machine: one for all, or asked for each process (it changes only at exec). */
    const struct arch_layout *machine;
    const struct arch_layout *(*layout)(void *target, int64_t pid);

    /* Threads. next_thread steps *id (zero before the first) to the following thread of any
     * process and returns 1, or 0 past the last. NULL: one thread, {1, 1}. */
    int (*next_thread)(void *target, struct rsp_id *id);

    /* Memory: the callback of arch.h, with what process() gives for the pid (NULL: the target
     * itself). Breakpoints planted by the target never show in it. write_memory writes all of it
     * or says an error, and leaves planted breakpoints in force. */
    void *(*process)(void *target, int64_t pid);
    arch_read_memory_fn *read_memory;
    uint64_t granule, top; /* as in struct arch_memory */
    int (*write_memory)(void *process, uint64_t address, const void *bytes, size_t size);

    /* Registers of a stopped thread: r->size bytes in target byte order. -E: not available. */
    int (*get_register)(void *target, struct rsp_id id, const struct arch_register *r,
                        void *value);
    int (*put_register)(void *target, struct rsp_id id, const struct arch_register *r,
                        const void *value);
    /* Events. peek gives the oldest of those kinds that was not reported: 1, 0 when there is none,
     * STUB_LATER, never -E. It gives the same one until done, whose event has kind and id, and for
     * STUB_OUTPUT in text_size how many bytes of the text were told (the rest stays). again turns
     * what was reported last back into unreported; in non-stop mode the stop of every thread that
     * stands. stop_of says why one thread stands. */
    int (*peek)(void *target, unsigned kinds, struct stub_event *event);
    void (*done)(void *target, const struct stub_event *event);
    void (*again)(void *target);
    int (*stop_of)(void *target, struct rsp_id id, struct stub_event *event);

    /* Running. resume starts what stub_action() says and returns; -E: nothing was started.
     * interrupt asks for a stop of {pid, tid} (0 any); a target that stops at once rings the
     * doorbell. Exactly one stop event follows, and one that is already queued satisfies it,
     * unless it is the end of a step: that becomes the interrupt's. running: 1 while that thread
     * runs (0: any). */
    int (*resume)(void *target, struct stub *s);
    int (*interrupt)(void *target, struct rsp_id id);
    int (*running)(void *target, struct rsp_id id);
    /* Breakpoints. Idempotent: a second insert is 0 and changes nothing, one remove clears,
     * removing what is not there is -STUB_ENOENT. -STUB_ENOTSUP: this type is not to be had (the
     * empty reply). The lists of a second insert take the place of those of the first. */
    int (*insert)(void *process, const struct stub_point *point);
    int (*remove)(void *process, const struct stub_point *point);

    /* The request (or report) under way ended: answers kept for asking again may go. */
    void (*settled)(void *target);
    /* The client is gone without a detach: the target's own policy applies. */
    void (*client_gone)(void *target);

    /* Here struct stub_small_target ends. */

    int (*thread_info)(void *target, struct rsp_id id, struct stub_thread_info *info);
    /* Keeps a copy of a thread's registers under a number of the target's, and back. */
    int (*save_registers)(void *target, struct rsp_id id, uint32_t *number);
    int (*restore_registers)(void *target, struct rsp_id id, uint32_t number);

    /* When these say 0 the process is no longer the target's; no event tells of it, unless `tell`
     * asks for the one of its end. */
    int (*kill)(void *target, int64_t pid, bool tell);
    int (*detach)(void *target, int64_t pid);

    /* Starting. args: NUL-terminated strings back to back, the program first (empty: the one the
     * target knows). After success a stop event is queued. */
    int (*launch)(void *target, const char *args, size_t size);
    int (*attach)(void *target, int64_t pid);
    int (*launch_option)(void *target, enum stub_launch_option option, const char *text);
    int (*was_attached)(void *target, int64_t pid); /* 1 attached, 0 launched */
    /* Bit N (of 256) of `signals` is the target's own signal number N. */
    int (*signals)(void *target, enum stub_signal_list which, const uint8_t *signals);

    /* Objects: generators that write the whole object from its start; lists that may change are
     * frozen when w->offset is 0. GDB manual, "General Query Packets", qXfer. */
    int (*auxv)(void *process, struct rsp_window *w);
    int (*libraries_svr4)(void *process, struct rsp_window *w, bool for_gdb);
    int (*exec_file)(void *process, struct rsp_window *w);
    int (*siginfo)(void *target, struct rsp_id id, struct rsp_window *w);
    int (*osdata)(void *target, const char *what, struct rsp_window *w);

    /* The region that address lies in; unmapped stretches are regions too. */
    int (*region)(void *process, uint64_t address, struct stub_region *region);
    /* A board's memory map, region by region: 1, or 0 past the last. For gdb, which then uses
     * hardware breakpoints where memory is ROM; a process has no such map. */
    int (*memory_map)(void *process, unsigned index, struct stub_region *region);

    /* Memory of the debuggee's own for lldb's expressions. */
    int (*allocate)(void *process, uint64_t size, unsigned permissions, uint64_t *address);
    int (*deallocate)(void *process, uint64_t address);

    int (*shlib_info)(void *process, uint64_t *address);           /* qShlibInfoAddr */
    int (*offsets)(void *process, uint64_t *text, uint64_t *data); /* qOffsets */
    int (*host_info)(void *target, struct stub_host_info *info);
    int (*process_info)(void *target, int64_t pid, struct stub_process_info *info);

    /* The last error in words a user can act on, or NULL when that -E has none. Asked right after
     * it; forgotten by settled. */
    const char *(*why)(void *target);

    const struct stub_files *files;

    /* Outside all-stop mode resume starts some threads beside those that run. Back in it
     * everything stops, and what was not reported is forgotten. */
    int (*stop_mode)(void *target, enum stub_stop_mode mode);
    /* Bits of enum stub_wanted_events, for all, and for one thread. Forgotten when the client
     * goes. */
    int (*want_events)(void *target, unsigned events);
    int (*want_of_thread)(void *target, struct rsp_id id, unsigned events);
    bool evaluates; /* insert honours a point's conditions and commands */

    /* Where a thread's copy of a thread-local variable is: `offset` into the block of the module
     * whose link map is at link_map, or of the executable when that is 0. -STUB_ENOENT: it has no
     * place (yet). */
    int (*tls_address)(void *target, struct rsp_id id, uint64_t offset, uint64_t link_map,
                       uint64_t *address);
    /* Replaces bytes of a stopped thread's siginfo. -STUB_EINVAL: not all of them are in it. */
    int (*put_siginfo)(void *target, struct rsp_id id, uint64_t offset, const void *bytes,
                       size_t size);
    /* As libraries_svr4, but only those of one namespace (the address of its r_debug) from the
     * link map `start` on, whose predecessor is `previous` (0: none). -STUB_ENOENT: it is not. */
    int (*libraries_svr4_from)(void *process, struct rsp_window *w, uint64_t space, uint64_t start,
                               uint64_t previous);
    /* Any number may be caught, also one that no system call has. */
    int (*catch_syscall)(void *process, enum stub_catch what, uint64_t number);
    /* launch for a client that leaves its arguments to us (single-inf-arg+): one text, which a
     * shell splits and expands. program empty: the one the target knows. */
    int (*launch_text)(void *target, const char *program, const char *text);
    /* attach to a process by its program's name. STUB_LATER while it waits for one, which settled
     * ends. */
    int (*attach_name)(void *target, const char *name, enum stub_attach_how how);
    /* What the machine offers beside files. NULL objects mean the target itself. */
    void *files_object; /* first argument of files' operations */
    const struct stub_host *host;
    void *host_object;
    const struct stub_servers *servers;
    int (*directory)(void *target, const char **path); /* where programs start */
    /* Sends a process (0: the first) a signal, which comes when it runs. */
    int (*send_signal)(void *target, int64_t pid, int signal);
    /* What the user types, for the program whose output comes in events. All of it or -E. */
    int (*input)(void *target, const void *bytes, size_t size);
    /* Where the file begins in a process's memory. */
    int (*load_address)(void *process, const char *path, uint64_t *address);
    /* Is that thread (tid above 0; pid 0 or below: of any process) there? 1 with its pid filled
     * in, or 0. Absent: next_thread is asked until it comes by. */
    int (*find_thread)(void *target, struct rsp_id *id);
    /* Flash, where memory_map has some: gdb's `load` erases, writes, and says that it is done,
     * when what was written must be there. The range is of whole blocks of one or several rows
     * that are flash, lined up with their starts. What takes long says STUB_LATER until the
     * doorbell: the line is acknowledged meanwhile. -E leaves the flash as it may be. */
    int (*flash_erase)(void *process, uint64_t address, uint64_t size);
    int (*flash_write)(void *process, uint64_t address, const void *bytes, size_t size);
    int (*flash_done)(void *process);
    /* The answer to what STUB_FILE_REQUEST asked: the result (-1: failed, with an error number of
     * the File-I/O protocol's). The program goes on where it asked. */
    int (*file_answer)(void *target, int64_t result, unsigned error);
    /* What is loaded, for who walks the stacks of that process: *modules is the target's, and
     * good until it is asked again. `unknown` is an address of code that was met and lies in none
     * of them, 0 none: it may be worth another look. */
    int (*modules)(void *process, uint64_t unknown, struct stub_modules *modules);
    /* 1 when the process can never have a second thread. */
    int (*stays_single)(void *process);
    /* Nothing of it ever runs. An lldb, which else learns by breakpoints what is loaded, is told
     * with the stop to take what libraries_svr4 lists; there (for_gdb false) the program may be
     * the first, and lldb takes that even where its user named another file. */
    bool never_runs;
};

/* A table that ends early, for firmware that counts bytes: the first members of struct
 * stub_target under their names. STUB_SMALL(&table) is it as a configuration takes it. */
struct stub_small_target {
    size_t size; /* sizeof(struct stub_small_target) */
    bool linux_signals;
    const struct arch_layout *machine;
    const struct arch_layout *(*layout)(void *target, int64_t pid);
    int (*next_thread)(void *target, struct rsp_id *id);
    void *(*process)(void *target, int64_t pid);
    arch_read_memory_fn *read_memory;
    uint64_t granule, top;
    int (*write_memory)(void *process, uint64_t address, const void *bytes, size_t size);
    int (*get_register)(void *target, struct rsp_id id, const struct arch_register *r,
                        void *value);
    int (*put_register)(void *target, struct rsp_id id, const struct arch_register *r,
                        const void *value);
    int (*peek)(void *target, unsigned kinds, struct stub_event *event);
    void (*done)(void *target, const struct stub_event *event);
    void (*again)(void *target);
    int (*stop_of)(void *target, struct rsp_id id, struct stub_event *event);
    int (*resume)(void *target, struct stub *s);
    int (*interrupt)(void *target, struct rsp_id id);
    int (*running)(void *target, struct rsp_id id);
    int (*insert)(void *process, const struct stub_point *point);
    int (*remove)(void *process, const struct stub_point *point);
    void (*settled)(void *target);
    void (*client_gone)(void *target);
};
#define STUB_SMALL(small) ((const struct stub_target *)(const void *)(small))

#ifdef __cplusplus
}
#endif
#endif
