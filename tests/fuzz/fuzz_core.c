/* fuzz_core.c - any bytes as an ELF core: opened, listed, read and walked as `bt` and `--core` do,
 * each within its bounds. Every other input gets a core's magic, so that more gets past it. */
#define _GNU_SOURCE 1
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/unwind/unwind.h"
#include "stub/dump/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 16, LISTED = 5000, LINE = 256 };

static struct dump *
open_bytes(const uint8_t *data, size_t size)
{
    static uint8_t bytes[MOST];
    Elf64_Ehdr *e = (Elf64_Ehdr *)(void *)bytes;
    const char *why;
    char path[64];
    struct dump *d;
    int fd;

    memcpy(bytes, data, size);
    if (size > sizeof(*e) && (data[15] & 1) != 0) {
        memcpy(bytes, "\177ELF\2\1\1", 7);
        e->e_type = ET_CORE;
        e->e_machine = (data[15] & 2) != 0 ? EM_X86_64 : EM_AARCH64;
        e->e_phoff = sizeof(*e);
    }
    fd = memfd_create("core", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    d = dump_open(path, NULL, &why);
    close(fd);
    if (d == NULL && why == NULL)
        abort();
    return d;
}

static void
list(struct dump *d)
{
    struct stub_region r;
    struct rsp_id id = { 0, 0 };
    uint64_t at = 0;
    unsigned n = 0;

    while (dump_target.next_thread(d, &id) > 0)
        if (n++ > LISTED)
            abort();
    if (n != dump_thread_count(d))
        abort();
    n = 0;
    do {
        dump_target.region(d, at, &r);
        if (n++ > LISTED)
            abort();
        at = r.start + r.size;
    } while (r.size != 0 && at != 0);
}

/* From the first thread's registers, whatever they are. */
static void
walk(struct dump *d, const struct dump_thread *t)
{
    static uint64_t lines[16 * (LINE + 64) / 8];
    static struct unwind u;
    struct arch_memory memory = { dump_read_memory, d, 4096, 0 };
    bool arm = dump_layout(d)->arch == &arch_aarch64;
    struct unwind_registers r = { .valid = arm ? 0x1ffffffff : 0x1ffff };
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = arm ? &unwind_aarch64 : &unwind_x86_64,
                                    .sources = &unwind_all_sources,
                                    .memory = &memory,
                                    .lines = lines,
                                    .lines_size = sizeof(lines),
                                    .line_bytes = LINE,
                                    .max_frames = 100 };
    size_t n = t->sets.size[ARCH_SET_GENERAL];

    memcpy(r.value, t->sets.bytes[ARCH_SET_GENERAL], n < sizeof(r.value) ? n : sizeof(r.value));
    unwind_init(&u, &config);
    unwind_begin(&u, &r);
    while (unwind_next(&u) != NULL)
        ;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arch_register r = { 0 };
    uint8_t value[ARCH_SIZE_MAX];
    struct dump *d;
    size_t got;

    if (size < 64 || size > MOST)
        return 0;
    d = open_bytes(data, size);
    if (d == NULL)
        return 0;
    list(d);
    while (arch_next(dump_layout(d), &r))
        arch_get(&dump_thread_at(d, 0)->sets, &r, value);
    for (size_t i = 0; i < dump_file_count(d) && i < 4; i++)
        dump_read_memory(d, dump_file_at(d, i)->start, value, sizeof(value), &got);
    if (dump_thread_at(d, 0)->sets.bytes[ARCH_SET_GENERAL] != NULL)
        walk(d, dump_thread_at(d, 0));
    dump_close(d);
    return 0;
}
