/* fake.h - a target that lives in one struct: threads, memory with holes, registers of an
 * invented machine, breakpoints, a queue of events. It can answer every question late, and
 * counts its deeds.
 *
 * The process is 16 (0x10), its threads are 0x10, 0x11 and so on. Memory, in pages of 0x1000:
 *     0x1000  "/bin/fake" r-x, each byte the low eight bits of its address
 *     0x2000  "[heap]"    rw-, zeros
 *     0x3000  a hole
 *     0x4000  "[stack]"   rw-, zeros but for a chain of frame pointers: 0x4100, 0x4200, 0
 *     0xfffffffffffff000  the last page, rw-, 0xaa
 * Registers are r0 r1 fp sp pc (64 bits), flags (32), v0 (128); r0 and r1 of the Nth thread hold
 * N * 0x100 and N * 0x100 + 1. */
#ifndef STUBBORN_TESTS_FAKE_H
#define STUBBORN_TESTS_FAKE_H

#include "stub/stub.h"

enum {
    FAKE_PID = 0x10,
    FAKE_THREADS = 1000,
    FAKE_POINTS = 16,
    FAKE_SAVES = 4,
    FAKE_PAGE = 0x1000,
    FAKE_REGISTERS = 60, /* bytes of g */
    FAKE_MEMO = 1 << 15
};

struct fake_thread {
    int64_t tid;
    uint8_t registers[FAKE_REGISTERS];
    struct stub_event stop; /* why it stands */
    bool queued;            /* stop is not reported yet */
    bool runs;
    unsigned events; /* of QThreadOptions */
};

/* What a late target said already, until settled(). */
struct fake_memo {
    uint64_t key;
    uint32_t request; /* the request it belongs to */
    bool told;        /* asked once, so the next time it is answered */
    bool done;        /* the deed was done, this came of it */
    int result;
};

struct fake {
    int64_t file_result; /* of the last wish that was answered */
    unsigned file_error;
    uint8_t flash[FAKE_PAGE], written[FAKE_PAGE]; /* what readers see, what was written */
    bool erased[FAKE_PAGE];
    struct stub_target ops; /* its operations; a test may take some away */
    struct stub *stub;
    const struct arch_layout *layout;

    struct fake_thread threads[FAKE_THREADS];
    unsigned thread_count; /* 0: no process */
    unsigned wanted;       /* threads of the next launch or attach */
    bool attached, running;
    enum stub_stop_mode mode;
    unsigned events; /* what the client wants to hear of */
    bool appeared;   /* a process that vAttachWait waits for was started */

    uint8_t heap[FAKE_PAGE], stack[FAKE_PAGE], last[FAKE_PAGE];
    bool all_or_nothing; /* the read callback */

    struct stub_point points[FAKE_POINTS];
    unsigned point_count;
    uint8_t file[32];
    size_t file_size;
    bool file_open;
    uint8_t saves[FAKE_SAVES][FAKE_REGISTERS];
    unsigned save_count;
    uint64_t allocated;

    struct stub_event other; /* an event that is no stop; kind STUB_STOPPED: none */
    struct stub_event reported;
    uint8_t text[256];
    size_t text_size;

    char args[128]; /* of the last launch, NUL as '|' */
    char option[128];
    const char *why;
    struct stub_process_match match; /* the list of processes under way, and where it stands */
    char match_name[64];
    unsigned host_at;

    bool late;
    bool rings; /* an answer became ready: the doorbell is due */
    uint32_t request;
    unsigned deeds; /* done, not asked for: writes, insertions, launches, resumes */
    struct fake_memo memo[FAKE_MEMO];
};

extern const struct arch fake_arch;

/* A fresh fake with so many threads, all standing, no event queued. */
void fake_init(struct fake *f, unsigned threads);
/* A board's memory map; not in ops unless a test puts it there. */
int fake_memory_map(void *process, unsigned index, struct stub_region *region);
/* The program wants a file of the debugger's machine. */
void fake_wish(struct fake *f, const char *text);
int fake_file_answer(void *target, int64_t result, unsigned error);
/* Its flash, in page 0x1000: bytes that were erased can be written once, and are there for readers
 * when that is done. */
int fake_flash_erase(void *process, uint64_t address, uint64_t size);
int fake_flash_write(void *process, uint64_t address, const void *bytes, size_t size);
int fake_flash_done(void *process);
/* The thread of that id, or NULL. */
struct fake_thread *fake_thread(struct fake *f, int64_t tid);
/* A thread stops (and with it all): queues why. */
void fake_stop(struct fake *f, int64_t tid, enum stub_reason reason, int signal, uint64_t address);
/* The process ends, or prints. */
void fake_exit(struct fake *f, int status);
void fake_print(struct fake *f, const char *text);
/* The command of `monitor` that the tests know: echoes its arguments. */
extern const struct stub_command fake_commands[];

#endif
