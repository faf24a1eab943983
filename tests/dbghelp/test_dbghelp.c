/* test_dbghelp.c - StackWalk64 and its like over targets made by hand, whose memory, modules and
 * function entries come from routines as a caller of DbgHelp's brings them. */
#define _GNU_SOURCE 1
#define STUBBORN_IMAGEHLP32
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub/dbghelp/windows.h"
#include "tests/suites_hosted.h"
#include "tests/unwind/world.h"

#define CIE_OPS "0c 07 08 90 01" /* CFA rsp+8, rip at CFA-8 */
enum { FRAMES = 20, SIZE = 32 };

/* A world, and where the FDEs of its two functions lie. */
struct place {
    struct world w;
    uint64_t fde[2], outermost;
    unsigned asked, translated;
    DWORD64 mask; /* of signatures */
};

static struct place p;

/* ---- the caller's routines ---- */

static BOOL
read_place(HANDLE process, DWORD64 address, PVOID buffer, DWORD size, LPDWORD got)
{
    struct place *place = process;
    size_t n = SIZE_MAX;
    bool ok = place->w.memory.read(place->w.memory.process, address, buffer, size, &n);

    if (n != SIZE_MAX)
        *got = (DWORD)n;
    return ok;
}

static DWORD64
base_of(HANDLE process, DWORD64 address)
{
    struct place *place = process;

    place->asked++;
    return address - CODE < 0x1000 ? CODE : 0;
}

static PVOID
entry_of(HANDLE process, DWORD64 address)
{
    static _Thread_local IMAGE_AMD64_RUNTIME_FUNCTION_ENTRY entry;
    static _Thread_local IMAGE_ARM64_RUNTIME_FUNCTION_ENTRY entry_arm;
    struct place *place = process;
    unsigned i = place->outermost != 0 && address >= place->outermost;

    if (place->fde[i] == 0 || address - CODE >= 0x1000)
        return NULL;
    entry.BeginAddress = entry_arm.BeginAddress = (DWORD)(i * (place->outermost - CODE));
    entry.EndAddress = entry.BeginAddress + 0x10;
    entry.UnwindInfoAddress = entry_arm.UnwindData = (DWORD)(place->fde[i] - CODE);
    return place->w.config.machine == &unwind_aarch64 ? (PVOID)&entry_arm : (PVOID)&entry;
}

static DWORD64
translate(HANDLE process, HANDLE thread, LPADDRESS64 a)
{
    struct place *place = process;

    place->translated++;
    ck_assert_ptr_eq(thread, &place->w);
    return a->Segment == 0x33 ? a->Offset : 0;
}

static BOOL
attribute(HANDLE process, DWORD what, DWORD64 address, PDWORD64 value)
{
    struct place *place = process;

    ck_assert_uint_eq(what, TARGET_ATTRIBUTE_PACMASK);
    ck_assert_uint_ne(address, 0);
    *value = place->mask;
    return place->mask != 0;
}

/* The same for addresses of 32 bits. */
static BOOL
read_place32(HANDLE process, DWORD address, PVOID buffer, DWORD size, PDWORD got)
{
    return read_place(process, address, buffer, size, got);
}
static DWORD
base_of32(HANDLE process, DWORD address)
{
    return (DWORD)base_of(process, address);
}
static PVOID
entry_of32(HANDLE process, DWORD address)
{
    return entry_of(process, address);
}

/* ---- a stack ---- */

/* FRAMES frames of SIZE bytes of a function at CODE, and the outermost one. rbx is saved in each.
 */
static void
build(struct place *place, size_t stack)
{
    struct table t = { .n = 0 };
    struct world *w = &place->w;

    memset(place, 0, sizeof(*place));
    world_init(w);
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0e 20 83 03");
    table_fde(&t, CODE + 0x40, 0x10, "07 10");
    table_use(w, &t, false);
    place->fde[0] = TABLE + t.fde[0];
    place->fde[1] = TABLE + t.fde[1];
    place->outermost = CODE + 0x40;
    world_add(w, STACK, stack);
    for (unsigned i = 0; i < FRAMES && SIZE * (i + 1) <= stack; i++) {
        world_put(w, STACK + SIZE * i + 24, i + 1 < FRAMES ? CODE + 8 : CODE + 0x44);
        world_put(w, STACK + SIZE * i + 8, 100 + i);
    }
}

static void
start(STACKFRAME64 *frame, AMD64_CONTEXT *context)
{
    memset(frame, 0, sizeof(*frame));
    memset(context, 0, sizeof(*context));
    context->ContextFlags = CONTEXT_AMD64 | CONTEXT_PART_CONTROL | CONTEXT_PART_INTEGER;
    context->Rip = frame->AddrPC.Offset = CODE + 8;
    context->Rsp = frame->AddrStack.Offset = STACK;
    context->Rcx = 77; /* a call keeps it not */
    context->Rbx = 99;
    frame->AddrPC.Mode = frame->AddrStack.Mode = frame->AddrFrame.Mode = AddrModeFlat;
}

static BOOL
step(struct place *place, STACKFRAME64 *frame, void *context)
{
    return StackWalk64(IMAGE_FILE_MACHINE_AMD64, place, &place->w, frame, context, read_place,
                       entry_of, base_of, NULL);
}

static void
check_end(const STACKFRAME64 *frame, enum unwind_reason reason, uint64_t address, DWORD error)
{
    struct unwind_end end;

    ck_assert_uint_eq(GetLastError(), error);
    unwind_stackwalk_end(frame, &end);
    ck_assert_uint_eq(end.reason, reason);
    ck_assert_uint_eq(end.address, address);
}

/* ---- walks ---- */

START_TEST(each_call_gives_a_frame_and_its_context)
{
    STACKFRAME64 frame;
    AMD64_CONTEXT context;

    build(&p, FRAMES * SIZE);
    p.w.habit = (enum habit)_i;
    start(&frame, &context);
    for (unsigned i = 0; i <= FRAMES; i++) {
        ck_assert(step(&p, &frame, &context));
        ck_assert_uint_eq(frame.AddrPC.Offset, i < FRAMES ? CODE + 8 : CODE + 0x44);
        ck_assert_uint_eq(frame.AddrPC.Mode, AddrModeFlat);
        ck_assert_uint_eq(frame.AddrStack.Offset, STACK + SIZE * i);
        ck_assert_uint_eq(frame.AddrFrame.Offset, i < FRAMES ? STACK + SIZE * i + 16 : 0);
        ck_assert_uint_eq(frame.AddrReturn.Offset, i + 1 < FRAMES ? CODE + 8
                                                   : i < FRAMES   ? CODE + 0x44
                                                                  : 0);
        ck_assert_ptr_ne(frame.FuncTableEntry, NULL);
        ck_assert_uint_eq(context.Rip, frame.AddrPC.Offset);
        ck_assert_uint_eq(context.Rsp, frame.AddrStack.Offset);
        ck_assert_uint_eq(context.Rbx, i == 0 ? 99 : 99 + i);
        ck_assert_uint_eq(context.Rcx, i == 0 ? 77 : 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(!step(&p, &frame, &context));
        check_end(&frame, UNWIND_OUTERMOST, CODE + 0x44, ERROR_NO_MORE_ITEMS);
    }
}
END_TEST

/* In each shape of a partial answer: true and short, false and short, nothing at all, no count. */
START_TEST(every_frame_that_can_be_known_comes_before_the_hole)
{
    unsigned good = 1 + (unsigned)_i % (FRAMES - 1);
    size_t stack = SIZE * good + 24;
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    unsigned n = 0;

    build(&p, stack);
    p.w.habit = (enum habit)(_i / (FRAMES - 1));
    start(&frame, &context);
    while (step(&p, &frame, &context))
        ck_assert_uint_eq(frame.AddrStack.Offset, STACK + SIZE * n++);
    ck_assert_uint_eq(n, good + 1);
    ck_assert_uint_eq(frame.AddrReturn.Offset, 0);
    check_end(&frame, UNWIND_UNREADABLE, STACK + stack, ERROR_PARTIAL_COPY);
}
END_TEST

/* More walks than walkers are kept for, a step of each in turn. */
START_TEST(walks_may_be_taken_in_turns)
{
    enum { WALKS = 30 };
    static STACKFRAME64 frame[WALKS];
    static AMD64_CONTEXT context[WALKS];

    build(&p, FRAMES * SIZE);
    for (unsigned i = 0; i < WALKS; i++) {
        start(&frame[i], &context[i]);
        frame[i].AddrStack.Offset = context[i].Rsp = STACK + SIZE * (i % 10);
    }
    for (unsigned n = 0; n <= FRAMES + 1; n++)
        for (unsigned i = 0; i < WALKS; i++) {
            bool there = n + i % 10 <= FRAMES;

            ck_assert_int_eq(step(&p, &frame[i], &context[i]), there);
            if (there)
                ck_assert_uint_eq(frame[i].AddrStack.Offset, STACK + SIZE * (n + i % 10));
        }
}
END_TEST

START_TEST(walk_that_goes_on_reads_its_memory_once)
{
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    unsigned calls;

    build(&p, FRAMES * SIZE);
    start(&frame, &context);
    ck_assert(step(&p, &frame, &context));
    ck_assert(step(&p, &frame, &context));
    calls = p.w.calls;
    while (step(&p, &frame, &context))
        ;
    ck_assert_uint_le(p.w.calls, calls + 12); /* looks for headers, twice a module found */
    world_put(&p.w, STACK + 24, CODE + 0x44); /* a new one reads anew */
    start(&frame, &context);
    ck_assert(step(&p, &frame, &context));
    ck_assert(step(&p, &frame, &context));
    ck_assert(!step(&p, &frame, &context));
}
END_TEST

START_TEST(ring_of_frames_is_named_as_a_cycle)
{
    struct table t = { .n = 0 };
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    struct unwind_end end;
    unsigned n = 0;

    build(&p, 0x100);
    p.w.parts = 0;
    table_cie(&t, "zR", 16, CIE_OPS);
    table_fde(&t, CODE, 0x10, "0c 06 10 86 02"); /* by rbp */
    table_use(&p.w, &t, false);
    p.fde[0] = TABLE + t.fde[0];
    world_add(&p.w, STACK, 0x100);
    for (unsigned i = 0; i < 4; i++) {
        world_put(&p.w, STACK + 0x20 * i, STACK + 0x20 * ((i + 1) % 4));
        world_put(&p.w, STACK + 0x20 * i + 8, CODE + 4);
    }
    start(&frame, &context);
    context.Rbp = STACK;
    context.Rsp = STACK - 16;
    while (step(&p, &frame, &context))
        ck_assert_uint_lt(++n, 30);
    unwind_stackwalk_end(&frame, &end);
    ck_assert_uint_eq(end.reason, UNWIND_CYCLE);
    ck_assert_uint_eq((end.address - STACK) % 0x20, 0x10); /* one of the four CFAs */
}
END_TEST

/* ---- other forms ---- */

START_TEST(wider_frame_has_the_same_walk)
{
    STACKFRAME_EX frame = { .StackFrameSize = sizeof(frame), .InlineFrameContext = 5 };
    STACKFRAME64 plain;
    AMD64_CONTEXT context;
    unsigned n = 0;

    build(&p, FRAMES * SIZE);
    start(&plain, &context);
    while (_i == 0 ? StackWalkEx(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place,
                                 entry_of, base_of, NULL, SYM_STKWALK_DEFAULT)
                   : StackWalk2(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place,
                                entry_of, base_of, NULL, attribute, SYM_STKWALK_DEFAULT))
        ck_assert_uint_eq(frame.AddrStack.Offset, STACK + SIZE * n++);
    ck_assert_uint_eq(n, FRAMES + 1);
    ck_assert_uint_eq(frame.InlineFrameContext, 5);
    check_end((STACKFRAME64 *)&frame, UNWIND_OUTERMOST, CODE + 0x44, ERROR_NO_MORE_ITEMS);
    frame.StackFrameSize = 8;
    ck_assert(!StackWalkEx(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place,
                           entry_of, base_of, NULL, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(frame_pointers_can_be_forced)
{
    STACKFRAME_EX frame = { .StackFrameSize = 0 };
    STACKFRAME64 plain;
    AMD64_CONTEXT context;

    build(&p, FRAMES * SIZE);
    memcpy(world_add(&p.w, CODE, 16), "\xe8\0\0\0\0\xe8\0\0\0\0", 10); /* two calls */
    start(&plain, &context);
    context.Rip = CODE + 5;
    context.Rbp = STACK + 64;
    world_put(&p.w, STACK + 64, 0);
    world_put(&p.w, STACK + 72, CODE + 10);
    for (unsigned i = 0; i < 2; i++)
        ck_assert(StackWalkEx(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place,
                              entry_of, base_of, NULL, SYM_STKWALK_FORCE_FRAMEPTR));
    ck_assert_uint_eq(frame.AddrPC.Offset, CODE + 10);
    ck_assert_uint_eq(frame.AddrStack.Offset, STACK + 80);
}
END_TEST

START_TEST(superseded_form_walks_below_4_gib)
{
    STACKFRAME frame = { .Far = TRUE };
    STACKFRAME64 plain;
    AMD64_CONTEXT context;
    unsigned n = 0;

    build(&p, FRAMES * SIZE);
    start(&plain, &context);
    while (StackWalk(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place32,
                     entry_of32, base_of32, NULL))
        ck_assert_uint_eq(frame.AddrStack.Offset, STACK + SIZE * n++);
    ck_assert_uint_eq(n, FRAMES + 1);
    memset(&frame, 0, sizeof(frame));
    start(&plain, &context);
    context.Rsp = (uint64_t)1 << 32;
    ck_assert(!StackWalk(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place32,
                         entry_of32, base_of32, NULL));
    ck_assert(!StackWalk(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, NULL, &context, read_place32,
                         entry_of32, base_of32, NULL));
}
END_TEST

START_TEST(address_of_a_segment_is_translated)
{
    static const struct {
        WORD segment;
        ADDRESS_MODE mode;
        bool routine;
        uint64_t pc; /* 0: refused */
    } rows[] = {
        { 0x33, AddrMode1632, true, CODE + 8 },
        { 0x34, AddrMode1632, true, 0 },
        { 0x33, AddrMode1632, false, 0 },
        { 0, AddrMode1616, false, CODE + 8 },
        { 0x1000, AddrModeReal, false, 0x10000 + CODE + 8 },
    };
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    BOOL ok;

    build(&p, FRAMES * SIZE);
    start(&frame, &context);
    frame.AddrPC.Segment = rows[_i].segment;
    frame.AddrPC.Mode = rows[_i].mode;
    context.Rip = 0; /* so that the frame's counts */
    ok = StackWalk64(IMAGE_FILE_MACHINE_AMD64, &p, &p.w, &frame, &context, read_place, entry_of,
                     base_of, rows[_i].routine ? translate : NULL);
    ck_assert_int_eq(ok, rows[_i].pc != 0);
    ck_assert_uint_eq(ok ? frame.AddrPC.Offset : 0, rows[_i].pc);
    ck_assert_uint_eq(p.translated, rows[_i].routine);
}
END_TEST

START_TEST(frame_stands_in_for_what_the_context_lacks)
{
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    unsigned n = 0;

    build(&p, FRAMES * SIZE);
    start(&frame, &context);
    if (_i == 0)
        context.Rip = context.Rsp = 0;
    else
        context.ContextFlags = CONTEXT_AMD64 | CONTEXT_PART_INTEGER;
    while (step(&p, &frame, &context))
        n++;
    ck_assert_uint_eq(n, FRAMES + 1);
}
END_TEST

/* ---- ARM64 ---- */

START_TEST(arm64_return_address_is_stripped_by_the_attribute_routine)
{
    static const DWORD64 masks[] = { 0x007f000000000000, TARGET_ATTRIBUTE_PACMASK_LIVETARGET, 0 };
    struct table t = { .n = 0 };
    STACKFRAME_EX frame = { .StackFrameSize = 0 };
    ARM64_NT_CONTEXT context = { .ContextFlags =
                                     CONTEXT_ARM64 | CONTEXT_PART_CONTROL | CONTEXT_PART_INTEGER };

    build(&p, 0x400);
    p.w.parts = 0;
    p.w.config.machine = &unwind_aarch64;
    p.outermost = 0;
    p.mask = masks[_i];
    table_cie(&t, "zR", 30, "0c 1f 00");
    table_fde(&t, CODE, 0x10, "2d 0e 20 9e 01 93 02");
    table_use(&p.w, &t, false);
    p.fde[0] = TABLE + t.fde[0];
    world_add(&p.w, STACK, 0x400);
    world_put(&p.w, STACK + 0x18, 0x0035000000000000 | (CODE + 8));
    world_put(&p.w, STACK + 0x10, 0x19);
    context.Pc = CODE + 4;
    context.Sp = STACK;
    context.Fp = 0xf9;
    context.X[19] = 1;
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(StackWalk2(IMAGE_FILE_MACHINE_ARM64, &p, &p.w, &frame, &context, read_place,
                             entry_of, base_of, NULL, attribute, 0));
        ck_assert_uint_eq(frame.AddrPC.Offset, i == 0 ? CODE + 4 : CODE + 8);
        ck_assert_uint_eq(frame.AddrFrame.Offset, 0xf9);
    }
    ck_assert_uint_eq(context.Pc, CODE + 8);
    ck_assert_uint_eq(context.Sp, STACK + 0x20);
    ck_assert_uint_eq(context.X[19], 0x19);
    ck_assert_uint_eq(context.Lr, 0);
}
END_TEST

/* ---- bad input ---- */

START_TEST(arguments_that_make_no_sense_are_refused)
{
    STACKFRAME64 frame;
    AMD64_CONTEXT context;

    build(&p, FRAMES * SIZE);
    start(&frame, &context);
    ck_assert(!step(&p, NULL, &context));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!step(&p, &frame, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    for (DWORD machine = 0; machine < 0x10000; machine++) {
        if (machine == IMAGE_FILE_MACHINE_AMD64 || machine == IMAGE_FILE_MACHINE_ARM64)
            continue;
        ck_assert(!StackWalk64(machine, &p, &p.w, &frame, &context, read_place, NULL, NULL, NULL));
        ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    }
    context.ContextFlags = CONTEXT_ARM64 | CONTEXT_PART_CONTROL;
    ck_assert(!step(&p, &frame, &context));
    check_end(&frame, UNWIND_RUNNING, 0, ERROR_INVALID_PARAMETER);
    start(&frame, &context);
    ck_assert(step(&p, &frame, &context)); /* nothing of that was held against it */
}
END_TEST

START_TEST(process_that_is_not_there_gives_its_context_and_no_more)
{
    static const intptr_t handles[] = { 0, -1, INT32_MAX, (intptr_t)1 << 40 };
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    unsigned n = 0;

    start(&frame, &context);
    while (StackWalk64(IMAGE_FILE_MACHINE_AMD64, (HANDLE)handles[_i], NULL, &frame, &context, NULL,
                       SymFunctionTableAccess64, SymGetModuleBase64, NULL))
        n++;
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(GetLastError(), ERROR_PARTIAL_COPY);
}
END_TEST

/* Any words in the frame and the context: a bounded answer. */
START_TEST(garbage_in_frame_and_context_is_survived)
{
    STACKFRAME64 frame;
    AMD64_CONTEXT context;
    uint64_t *words = (uint64_t *)(void *)&context;

    srandom((unsigned)_i + 1);
    build(&p, FRAMES * SIZE);
    for (unsigned round = 0; round < 300; round++) {
        start(&frame, &context);
        for (unsigned i = 0; i < 3; i++)
            frame.Reserved[i] = (DWORD64)random() << 33 ^ (DWORD64)random() << 11;
        for (unsigned i = 0; i < sizeof(context) / 8; i++)
            if (random() % 4 == 0 && i != 6)
                words[i] = random() % 2 == 0 ? STACK + (uint64_t)random() % 700
                                             : (uint64_t)random() << 32 | (uint64_t)random();
        for (unsigned n = 0; step(&p, &frame, &context); n++)
            ck_assert_uint_lt(n, 2 * FRAMES);
    }
}
END_TEST

/* ---- modules ---- */

START_TEST(sessions_are_kept_apart_and_cleaned_up)
{
    int x[2];

    ck_assert(!SymCleanup(&x[0]));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!SymInitialize(NULL, NULL, FALSE));
    ck_assert(!SymInitialize(&x[0], NULL, TRUE)); /* no PID */
    ck_assert(SymInitialize(&x[0], "/anywhere", FALSE));
    ck_assert(!SymInitialize(&x[0], NULL, FALSE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(SymInitialize(&x[1], NULL, FALSE));
    ck_assert_uint_eq(SymLoadModuleEx(&x[0], NULL, NULL, "jit", 0x10000, 0x1000, NULL, 0),
                      0x10000);
    ck_assert_uint_eq(SymGetModuleBase64(&x[0], 0x10fff), 0x10000);
    ck_assert_uint_eq(SymGetModuleBase64(&x[0], 0x11000), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_MOD_NOT_FOUND);
    ck_assert_uint_eq(SymGetModuleBase64(&x[1], 0x10000), 0);
    ck_assert_uint_eq(SymLoadModuleEx(&x[0], NULL, NULL, "jit", 0x10000, 0x1000, NULL, 0), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_SUCCESS);
    ck_assert_uint_eq(SymLoadModuleEx(&x[0], NULL, "/no/such", NULL, 0x40000, 0, NULL, 0), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_MOD_NOT_FOUND);
    ck_assert_uint_eq(SymLoadModuleEx(&x[0], NULL, NULL, NULL, 0x40000, 0, NULL, 0), 0);
    ck_assert_uint_eq(SymLoadModuleEx(&x[0], NULL, NULL, NULL, 0, 0x1000, NULL, 0), 0);
    ck_assert_uint_eq(SymLoadModuleEx(&x[0], NULL, "", NULL, UINT64_MAX - 5, 0x1000, NULL, 0), 0);
    ck_assert(!SymRefreshModuleList(&x[0]));
    ck_assert(SymCleanup(&x[0]));
    ck_assert(!SymCleanup(&x[0]));
    ck_assert(SymCleanup(&x[1]));
    ck_assert_uint_eq(SymGetModuleBase64(&x[0], 0x10000), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(file_is_a_module_wherever_it_is_said_to_lie)
{
    int token;
    const uint64_t base = 0x7000000000;
    IMAGE_AMD64_RUNTIME_FUNCTION_ENTRY entry;
    const void *found;
    unsigned functions = 0;

    ck_assert(SymInitialize(&token, NULL, FALSE));
    ck_assert_uint_eq(SymLoadModule64(&token, NULL, "/proc/self/exe", NULL, base, 0), base);
    ck_assert_uint_eq(SymGetModuleBase64(&token, base + 0x1000), base);
    ck_assert_uint_eq(SymLoadModule64(&token, NULL, "/proc/self/exe", NULL, base + 4096, 0), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER); /* they overlap */
    for (uint64_t at = 0; at < 0x400000; at += 4096) {
        found = SymFunctionTableAccess64(&token, base + at);
        if (found == NULL)
            continue;
        memcpy(&entry, found, sizeof(DWORD) * 2);
        ck_assert_uint_le(entry.BeginAddress, at);
        functions++;
    }
    ck_assert_uint_gt(functions, 10);
    ck_assert_ptr_eq(SymFunctionTableAccess64(&token, base - 1), NULL);
    ck_assert(SymCleanup(&token));
    ck_assert_ptr_eq(SymFunctionTableAccess64(&token, base + 0x1000), NULL);
}
END_TEST

START_TEST(modules_of_a_process_are_found_and_found_again)
{
    HANDLE me = (HANDLE)(intptr_t)getpid();
    uint64_t here = (uintptr_t)SymInitialize;
    uint64_t base;
    void *late;
    int fd = open("/proc/self/exe", O_RDONLY);

    ck_assert(!SymInitialize((HANDLE)(intptr_t)0x7ffffff0, NULL, TRUE));
    ck_assert(SymInitialize(me, NULL, TRUE));
    base = SymGetModuleBase64(me, here);
    ck_assert_uint_ne(base, 0);
    ck_assert_int_eq(memcmp((const void *)(uintptr_t)base, "\177ELF", 4), 0);
    ck_assert_ptr_ne(SymFunctionTableAccess64(me, here + 1), NULL);
    ck_assert_uint_eq(SymGetModuleBase64(me, (uintptr_t)&base), 0);
    late = mmap(NULL, 1 << 16, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(late, MAP_FAILED);
    ck_assert_uint_eq(SymGetModuleBase64(me, (uintptr_t)late), 0);
    ck_assert(SymRefreshModuleList(me));
    ck_assert_uint_eq(SymGetModuleBase64(me, (uintptr_t)late), (uintptr_t)late);
    ck_assert_uint_eq(SymGetModuleBase64(me, here), base);
    munmap(late, 1 << 16);
    close(fd);
    ck_assert(SymCleanup(me));
}
END_TEST

/* ---- a process ---- */

START_TEST(thread_stands_while_it_is_suspended)
{
    pid_t child = fork();
    HANDLE h = (HANDLE)(intptr_t)child;
    STACKFRAME64 frame;
    CONTEXT context;
    unsigned n = 0;
    size_t got = 0;
    long word = 0;

    if (child == 0)
        for (;;)
            pause();
    ck_assert_ptr_eq(OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)child), h);
    ck_assert_ptr_eq(OpenThread(THREAD_ALL_ACCESS, FALSE, 0x7ffffff0), NULL);
    ck_assert(SymInitialize(h, NULL, TRUE));
    ck_assert_uint_eq(SuspendThread(h), 0);
    ck_assert_uint_eq(SuspendThread(h), 1);
    ck_assert(GetThreadContext(h, &context));
    memset(&frame, 0, sizeof(frame));
    while (StackWalk64(
        CONTEXT_MACHINE == CONTEXT_ARM64 ? IMAGE_FILE_MACHINE_ARM64 : IMAGE_FILE_MACHINE_AMD64, h,
        h, &frame, &context, NULL, SymFunctionTableAccess64, SymGetModuleBase64, NULL)) {
        ck_assert_uint_ne(SymGetModuleBase64(h, frame.AddrPC.Offset), 0);
        ck_assert_uint_lt(++n, 100);
    }
    ck_assert_uint_gt(n, 5);
    ck_assert(ReadProcessMemory(h, &child, &word, sizeof(pid_t), &got));
    ck_assert_uint_eq(got, sizeof(pid_t));
    ck_assert(!ReadProcessMemory(h, NULL, &word, sizeof(word), &got));
    ck_assert_uint_eq(GetLastError(), ERROR_PARTIAL_COPY);
    ck_assert_uint_eq(got, 0);
    ck_assert_uint_eq(ResumeThread(h), 2);
    ck_assert_uint_eq(ResumeThread(h), 1);
    ck_assert_uint_eq(ResumeThread(h), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(SuspendThread(h), (DWORD)-1);
    ck_assert(SymCleanup(h));
}
END_TEST

/* ---- threads ---- */

static void *
walk_often(void *arg)
{
    struct place *place = arg;

    for (unsigned round = 0; round < 60; round++) {
        STACKFRAME64 frame;
        AMD64_CONTEXT context;
        unsigned n = 0;

        start(&frame, &context);
        while (step(place, &frame, &context))
            if (frame.AddrStack.Offset != STACK + SIZE * n++)
                return arg;
        if (n != FRAMES + 1)
            return arg;
    }
    return NULL;
}

/* Begins and ends what the others walk in. */
static void *
come_and_go(void *arg)
{
    for (unsigned round = 0; round < 60; round++) {
        SymInitialize(arg, NULL, FALSE);
        SymLoadModuleEx(arg, NULL, "/proc/self/exe", NULL, 0x7000000000, 0, NULL, 0);
        SymFunctionTableAccess64(arg, 0x7000001000);
        SymCleanup(arg);
    }
    return NULL;
}

START_TEST(threads_walk_at_once)
{
    enum { THREADS = 12 };
    static struct place places[THREADS];
    pthread_t thread[THREADS + 1];
    void *wrong;

    for (unsigned i = 0; i < THREADS; i++)
        build(&places[i], FRAMES * SIZE);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, walk_often, &places[i]), 0);
    ck_assert_int_eq(pthread_create(&thread[THREADS], NULL, come_and_go, &places[0]), 0);
    for (unsigned i = 0; i <= THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &wrong), 0);
        ck_assert_ptr_eq(wrong, NULL);
    }
}
END_TEST

Suite *
dbghelp_suite(void)
{
    Suite *s = suite_create("dbghelp");
    TCase *tc = tcase_create("walk");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_call_gives_a_frame_and_its_context, 0, HABITS);
    tcase_add_loop_test(tc, every_frame_that_can_be_known_comes_before_the_hole, 0,
                        HABITS * (FRAMES - 1));
    tcase_add_test(tc, walks_may_be_taken_in_turns);
    tcase_add_test(tc, walk_that_goes_on_reads_its_memory_once);
    tcase_add_test(tc, ring_of_frames_is_named_as_a_cycle);
    tcase_add_loop_test(tc, wider_frame_has_the_same_walk, 0, 2);
    tcase_add_test(tc, frame_pointers_can_be_forced);
    tcase_add_test(tc, superseded_form_walks_below_4_gib);
    tcase_add_loop_test(tc, address_of_a_segment_is_translated, 0, 5);
    tcase_add_loop_test(tc, frame_stands_in_for_what_the_context_lacks, 0, 2);
    tcase_add_loop_test(tc, arm64_return_address_is_stripped_by_the_attribute_routine, 0, 3);
    tcase_add_test(tc, arguments_that_make_no_sense_are_refused);
    tcase_add_loop_test(tc, process_that_is_not_there_gives_its_context_and_no_more, 0, 4);
    tcase_add_loop_test(tc, garbage_in_frame_and_context_is_survived, 0, 10);
    tcase_add_test(tc, sessions_are_kept_apart_and_cleaned_up);
    tcase_add_test(tc, file_is_a_module_wherever_it_is_said_to_lie);
    tcase_add_test(tc, modules_of_a_process_are_found_and_found_again);
    tcase_add_test(tc, thread_stands_while_it_is_suspended);
    tcase_add_test(tc, threads_walk_at_once);
    suite_add_tcase(s, tc);
    return s;
}
