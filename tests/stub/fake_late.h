/* fake_late.h - how each operation of the fake target answers late when it is to: what is asked
 * says STUB_LATER the first time in a request, and is the same when it is asked again. */
#ifndef STUBBORN_TESTS_FAKE_LATE_H
#define STUBBORN_TESTS_FAKE_LATE_H

#include "tests/stub/fake.h"

/* One for each operation. */
enum fake_deed {
    NEXT_THREAD,
    FIND_THREAD,
    THREAD_INFO,
    READ_MEMORY,
    WRITE_MEMORY,
    FLASH_ERASE,
    FLASH_WRITE,
    FLASH_DONE,
    FILE_ANSWER,
    GET_REGISTER,
    PUT_REGISTER,
    SAVE,
    RESTORE,
    PEEK,
    STOP_OF,
    RESUME,
    INTERRUPT,
    RUNNING,
    STOP_MODE,
    WANT,
    KILL,
    DETACH,
    LAUNCH,
    ATTACH,
    OPTION,
    WAS_ATTACHED,
    SIGNALS,
    INSERT,
    REMOVE,
    AUXV,
    LIBRARIES,
    EXEC_FILE,
    SIGINFO,
    OSDATA,
    REGION,
    MEMORY_MAP,
    ALLOCATE,
    DEALLOCATE,
    SHLIB,
    OFFSETS,
    HOST,
    PROCESS,
    CATCH_SYSCALL,
    TLS,
    PUT_SIGINFO,
    LIBRARIES_FROM,
    FILE_ROOT,
    FILE_OPEN,
    FILE_CLOSE,
    FILE_READ,
    FILE_WRITE,
    FILE_STAT,
    FILE_STAT_PATH,
    FILE_UNLINK,
    FILE_READLINK,
    FIND_PROCESSES,
    NEXT_PROCESS,
    ONE_PROCESS,
    USER_NAME,
    MAKE,
    MD5,
    MODULE,
    COMPLETE,
    SHELL,
    SERVER_START,
    SERVER_WAITING,
    SERVER_KILL,
    DIRECTORY,
    INPUT,
    SEND_SIGNAL,
    LOAD_ADDRESS
};

/* True when this question must be asked once more; else *m (may be NULL) keeps what came of it. */
bool fake_is_late(struct fake *f, struct fake_memo **m, enum fake_deed deed, uint64_t a,
                  uint64_t b, uint64_t c);

/* A question whose answer may be found again at any time. */
#define ASK(f, deed, a, b, c)                                                                     \
    do {                                                                                          \
        struct fake_memo *ask_m;                                                                  \
        if (fake_is_late((f), &ask_m, (deed), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c)))       \
            return STUB_LATER;                                                                    \
    } while (0)

/* A deed that must not be done twice in one request. */
#define DO(f, deed, a, b, c, what)                                                                \
    do {                                                                                          \
        struct fake_memo *do_m;                                                                   \
        int do_r;                                                                                 \
        if (fake_is_late((f), &do_m, (deed), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c)))        \
            return STUB_LATER;                                                                    \
        if (do_m != NULL && do_m->done)                                                           \
            return do_m->result;                                                                  \
        do_r = (what);                                                                            \
        (f)->deeds++;                                                                             \
        if (do_m != NULL) {                                                                       \
            do_m->done = true;                                                                    \
            do_m->result = do_r;                                                                  \
        }                                                                                         \
        return do_r;                                                                              \
    } while (0)

/* Of bytes that are part of a question. */
uint64_t fake_sum(const void *bytes, size_t n);
/* -error, with the target's words (NULL: none). */
int fake_fail(struct fake *f, int error, const char *why);

/* fake_files.c: whether its file has that name. */
bool fake_is_file(const char *path);

/* fake_memory.c */
bool fake_is_readable(struct fake *f, uint64_t address);
bool fake_read_memory(void *process, uint64_t address, void *buffer, size_t size,
                      size_t *bytes_read);
int fake_write_memory(void *process, uint64_t address, const void *bytes, size_t size);
int fake_region(void *process, uint64_t address, struct stub_region *r);
int fake_allocate(void *process, uint64_t size, unsigned permissions, uint64_t *address);
int fake_deallocate(void *process, uint64_t address);

/* fake_start.c; fake_start makes a fresh process of the threads wanted. */
void fake_start(struct fake *f, bool attached);
int fake_launch(void *target, const char *args, size_t size);
int fake_attach(void *target, int64_t pid);
int fake_launch_text(void *target, const char *program, const char *text);
int fake_attach_name(void *target, const char *name, enum stub_attach_how how);
int fake_launch_option(void *target, enum stub_launch_option option, const char *text);
int fake_was_attached(void *target, int64_t pid);
int fake_set_signals(void *target, enum stub_signal_list which, const uint8_t *signals);

/* fake_facts.c */
int fake_auxv(void *process, struct rsp_window *w);
int fake_libraries_svr4(void *process, struct rsp_window *w, bool main_lm);
int fake_exec_file(void *process, struct rsp_window *w);
int fake_siginfo(void *target, struct rsp_id id, struct rsp_window *w);
int fake_osdata(void *target, const char *what, struct rsp_window *w);
int fake_shlib_info(void *process, uint64_t *address);
int fake_offsets(void *process, uint64_t *text, uint64_t *data);
int fake_host_info(void *target, struct stub_host_info *info);
int fake_process_info(void *target, int64_t pid, struct stub_process_info *info);
const char *fake_why(void *target);
void fake_settled(void *target);
int fake_directory(void *target, const char **path);
int fake_input(void *target, const void *bytes, size_t size);
int fake_send_signal(void *target, int64_t pid, int signal);
int fake_load_address(void *process, const char *path, uint64_t *address);

/* What else the target's table names. */
extern const struct stub_files fake_files;
extern const struct stub_host fake_host;
extern const struct stub_servers fake_servers;

#endif
