/* core_stack.c - core_stack CORE [all-or-nothing]: the stacks of a core's threads by the sample's
 * print_stack. The process is no PID but a token, and memory comes from a routine of ours: as an
 * embedder of DbgHelp does with a dump of its own format. */
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "arch/unwind/dbghelp.h"
#include "stub/dump/dump.h"

int print_stack(HANDLE process, HANDLE thread, CONTEXT *context,
                PREAD_PROCESS_MEMORY_ROUTINE64 read);

static bool all_or_nothing;

static BOOL
read_core(HANDLE process, DWORD64 address, PVOID buffer, DWORD size, LPDWORD got)
{
    size_t n = 0;

    dump_read_memory(process, address, buffer, size, &n);
    if (all_or_nothing && n < size)
        n = 0;
    *got = (DWORD)n;
    return n == size;
}

static void
load_modules(struct dump *d)
{
    uint64_t vdso;

    for (size_t i = 0; i < dump_file_count(d); i++) {
        const struct dump_file *f = dump_file_at(d, i);

        if (f->offset == 0)
            SymLoadModuleEx(d, NULL, f->path, NULL, f->start, 0, NULL, 0);
    }
    if (dump_auxv(d, AT_SYSINFO_EHDR, &vdso))
        SymLoadModuleEx(d, NULL, NULL, "vdso", vdso, 0x2000, NULL, 0);
}

/* A core's registers lie as ptrace gives them: struct user_regs_struct. */
static void
get_context(const struct dump_thread *t, CONTEXT *context)
{
    static const uint8_t dwarf[] = { 15, 14, 13, 12, 6, 3,  11, 10, 9,  8,
                                     0,  2,  1,  4,  5, 99, 16, 99, 99, 7 };
    struct unwind_registers r = { .valid = 0 };

    for (size_t i = 0; i < sizeof(dwarf); i++) {
        if (dwarf[i] == 99)
            continue;
        memcpy(&r.value[dwarf[i]], t->sets.bytes[ARCH_SET_GENERAL] + 8 * i, 8);
        r.valid |= (uint64_t)1 << dwarf[i];
    }
    unwind_put_context(IMAGE_FILE_MACHINE_AMD64, context, &r);
    context->ContextFlags = CONTEXT_FULL;
}

int
main(int argc, char **argv)
{
    const char *why = "a core is needed";
    struct dump *d = argc > 1 ? dump_open(argv[1], NULL, &why) : NULL;

    all_or_nothing = argc > 2;
    if (d == NULL || !SymInitialize(d, NULL, FALSE)) {
        fprintf(stderr, "core_stack: %s\n", why);
        return 1;
    }
    load_modules(d);
    for (size_t i = 0; i < dump_thread_count(d); i++) {
        CONTEXT context = { .ContextFlags = 0 };

        printf("TID %lld:\n", (long long)dump_thread_at(d, i)->tid);
        get_context(dump_thread_at(d, i), &context);
        print_stack(d, NULL, &context, read_core);
    }
    SymCleanup(d);
    dump_close(d);
    return 0;
}
