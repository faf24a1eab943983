/* core.c - reads an ELF core file as Linux writes it (fs/binfmt_elf.c; <elf.h>). */
#define _GNU_SOURCE 1
#include "stub/dump/internal.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef NT_X86_XSAVE_LAYOUT /* Linux 6.12 */
#define NT_X86_XSAVE_LAYOUT 0x205
#endif
#ifndef NT_ARM_PAC_MASK
#define NT_ARM_PAC_MASK 0x406
#endif

/* Room for one more; NULL when memory is short. */
static void *
more(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array; /* it doubles at powers of two */
    return reallocarray(array, count == 0 ? 1 : 2 * count, size);
}

/* ---- machines ---- */

static const struct machine {
    unsigned elf;
    const struct arch *arch;
    const struct arch_places *places;
    uint32_t features;
} machines[] = {
    { EM_X86_64, &arch_x86_64, &arch_x86_64_linux, ARCH_X86_64_LINUX | ARCH_X86_64_SEGMENTS },
    { EM_AARCH64, &arch_aarch64, &arch_aarch64_linux, ARCH_LINUX | ARCH_AARCH64_FPU },
};

static bool
know_machine(struct dump *d)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (dump_number(d->file, offsetof(Elf64_Ehdr, e_machine), 2) != machines[i].elf)
            continue;
        d->layout = (struct arch_layout){ machines[i].arch, machines[i].features };
        d->places = machines[i].places;
        return true;
    }
    return false;
}

/* ---- notes ---- */

enum { PRSTATUS_SIGNAL = 12, PRSTATUS_PID = 32, PRSTATUS_REGISTERS = 112, PRSTATUS_TAIL = 8 };
enum { PSINFO_PID = 24, PSINFO_PARENT = 28, PSINFO_NAME = 40, NAME_SIZE = 16 };
enum { AVX_BASE = 576, AVX_SIZE = 256, XCR0_AT = 464, XCR0_AVX512 = 0xe0, XCR0_PKRU = 0x200 };

static bool
add_thread(struct dump *d, struct bytes note)
{
    struct dump_thread *t = more(d->thread, d->thread_count, sizeof(*t));
    struct bytes registers = dump_part(note, PRSTATUS_REGISTERS, note.size);

    if (t == NULL)
        return false;
    d->thread = t;
    t += d->thread_count++;
    *t = (struct dump_thread){ .tid = (int64_t)dump_number(note, PRSTATUS_PID, 4),
                               .signal = (int)dump_number(note, PRSTATUS_SIGNAL, 2) };
    t->sets.places = d->places;
    t->sets.xsave = &d->xsave;
    t->sets.bytes[ARCH_SET_GENERAL] = (uint8_t *)(uintptr_t)registers.at;
    t->sets.size[ARCH_SET_GENERAL] =
        registers.size > PRSTATUS_TAIL ? (uint32_t)(registers.size - PRSTATUS_TAIL) : 0;
    return true;
}

/* The others of a thread follow its NT_PRSTATUS. */
static void
add_set(struct dump *d, unsigned set, struct bytes note)
{
    struct dump_thread *t = d->thread_count > 0 ? &d->thread[d->thread_count - 1] : NULL;

    if (t == NULL || note.size > UINT32_MAX)
        return;
    t->sets.bytes[set] = (uint8_t *)(uintptr_t)note.at;
    t->sets.size[set] = (uint32_t)note.size;
}

/* A component of the XSAVE area, if it lies in it. */
static void
add_component(struct dump *d, uint64_t number, uint64_t base, uint64_t size)
{
    if (number < 2 || number >= ARCH_XSAVE_COMPONENTS || base > d->xsave.total ||
        size > d->xsave.total - base)
        return;
    d->xsave.base[number] = (uint32_t)base;
    d->xsave.size[number] = (uint32_t)size;
}

/* AVX lies at the same place on every CPU. Where the later components lie, kernels before 6.12 do
 * not say; by the size of the area, as gdb 14 guesses: Intel leaves room for MPX, AMD does not. */
static void
guess_components(struct dump *d, struct bytes area)
{
    uint64_t xcr0 = dump_number(area, XCR0_AT, 8);
    bool amd = area.size == 2432 || area.size == 2440;
    uint32_t first = amd ? 832 : 1088;

    add_component(d, 2, AVX_BASE, AVX_SIZE);
    if ((xcr0 & XCR0_PKRU) != 0)
        add_component(d, 9, area.size == 840 ? 832 : first + 64 + 512 + 1024, 8);
    if ((xcr0 & XCR0_AVX512) != XCR0_AVX512)
        return;
    add_component(d, 5, first, 64);
    add_component(d, 6, first + 64, 512);
    add_component(d, 7, first + 64 + 512, 1024);
}

static void
add_xstate(struct dump *d, struct bytes note)
{
    add_set(d, ARCH_SET_XSTATE, note);
    if (d->xsave.total != 0 || note.size < AVX_BASE)
        return;
    d->xsave.total = (uint32_t)note.size;
    guess_components(d, note);
    d->layout.features |= arch_x86_64_features(&d->xsave);
}

/* {component, size, offset, flags}, 32 bits each. */
static void
add_xsave_layout(struct dump *d, struct bytes note)
{
    if (d->xsave.total == 0)
        return;
    for (uint64_t at = 0; at + 16 <= note.size; at += 16)
        add_component(d, dump_number(note, at, 4), dump_number(note, at + 8, 4),
                      dump_number(note, at + 4, 4));
    d->layout.features |= arch_x86_64_features(&d->xsave);
}

static void
add_psinfo(struct dump *d, struct bytes note)
{
    struct bytes name = dump_part(note, PSINFO_NAME, NAME_SIZE);

    d->pid = (int64_t)dump_number(note, PSINFO_PID, 4);
    d->parent = (int64_t)dump_number(note, PSINFO_PARENT, 4);
    memcpy(d->name, name.at, name.size);
}

static void
add_siginfo(struct dump *d, struct bytes note)
{
    if (d->thread_count == 0)
        return;
    d->thread[d->thread_count - 1].siginfo = note.at;
    d->thread[d->thread_count - 1].siginfo_size = note.size;
}

/* NT_FILE: count, page size, {start, end, offset in pages} count times, then the names. */
static bool
add_files(struct dump *d, struct bytes note)
{
    uint64_t count = dump_number(note, 0, 8);
    uint64_t page = dump_number(note, 8, 8);
    uint64_t name = 16 + count * 24;

    for (uint64_t i = 0; i < count && count <= note.size / 24 && name < note.size; i++) {
        struct bytes text = dump_part(note, name, note.size);
        struct backing *b = more(d->backing, d->backing_count, sizeof(*b));

        if (b == NULL)
            return false;
        d->backing = b;
        if (memchr(text.at, '\0', text.size) == NULL)
            break;
        d->backing[d->backing_count++] = (struct backing){
            .file = { dump_number(note, 16 + i * 24, 8), dump_number(note, 24 + i * 24, 8),
                      dump_number(note, 32 + i * 24, 8) * page, (const char *)text.at }
        };
        name += strlen((const char *)text.at) + 1;
    }
    return true;
}

static bool
add_note(struct dump *d, uint64_t type, struct bytes note)
{
    switch (type) {
    case NT_PRSTATUS:
        return add_thread(d, note);
    case NT_PRPSINFO:
        add_psinfo(d, note);
        return true;
    case NT_FPREGSET:
        add_set(d, ARCH_SET_FP, note);
        return true;
    case NT_X86_XSTATE:
        add_xstate(d, note);
        return true;
    case NT_X86_XSAVE_LAYOUT:
        add_xsave_layout(d, note);
        return true;
    case NT_ARM_TLS:
        add_set(d, ARCH_SET_TLS, note);
        d->layout.features |= ARCH_AARCH64_TLS;
        return true;
    case NT_ARM_PAC_MASK:
        add_set(d, ARCH_SET_PAUTH, note);
        d->layout.features |= ARCH_AARCH64_PAUTH;
        d->pac_mask = dump_number(note, 8, 8); /* data mask, then that of instructions */
        return true;
    case NT_SIGINFO:
        add_siginfo(d, note);
        return true;
    case NT_AUXV:
        d->auxv = note;
        return true;
    case NT_FILE:
        return add_files(d, note);
    default:
        return true;
    }
}

/* No more bytes in all than the file has: what many headers name would else be kept many times. */
static bool
read_notes(struct dump *d, struct bytes notes)
{
    uint64_t at = 0;

    if (notes.size > d->file.size - d->notes_read)
        return true;
    d->notes_read += notes.size;
    while (at + sizeof(Elf64_Nhdr) <= notes.size) {
        uint64_t name = dump_number(notes, at, 4);
        uint64_t size = dump_number(notes, at + 4, 4);
        uint64_t begin = at + sizeof(Elf64_Nhdr) + (name + 3) / 4 * 4;

        if (begin > notes.size || size > notes.size - begin)
            break; /* cut short */
        if (!add_note(d, dump_number(notes, at + 8, 4), dump_part(notes, begin, size)))
            return false;
        at = begin + (size + 3) / 4 * 4;
    }
    return true;
}

/* ---- program headers ---- */

static bool
add_segment(struct dump *d, struct bytes header)
{
    struct segment *s = more(d->segment, d->segment_count, sizeof(*s));
    uint64_t flags = dump_number(header, offsetof(Elf64_Phdr, p_flags), 4);

    if (s == NULL)
        return false;
    d->segment = s;
    s += d->segment_count;
    *s = (struct segment){ .address = dump_number(header, offsetof(Elf64_Phdr, p_vaddr), 8),
                           .size = dump_number(header, offsetof(Elf64_Phdr, p_memsz), 8),
                           .bytes = dump_part(
                               d->file, dump_number(header, offsetof(Elf64_Phdr, p_offset), 8),
                               dump_number(header, offsetof(Elf64_Phdr, p_filesz), 8)) };
    s->permissions = dump_permissions(flags);
    if (s->size > UINT64_MAX - s->address)
        s->size = UINT64_MAX - s->address;
    if (s->bytes.size > s->size)
        s->bytes.size = (size_t)s->size;
    d->segment_count += s->size > 0;
    return true;
}

/* More headers than a 16-bit number holds are counted in the first section header. */
static uint64_t
header_count(const struct dump *d)
{
    uint64_t count = dump_number(d->file, offsetof(Elf64_Ehdr, e_phnum), 2);
    uint64_t sections = dump_number(d->file, offsetof(Elf64_Ehdr, e_shoff), 8);

    if (count != PN_XNUM || sections > d->file.size)
        return count;
    return dump_number(d->file, sections + offsetof(Elf64_Shdr, sh_info), 4);
}

static bool
read_headers(struct dump *d)
{
    uint64_t at = dump_number(d->file, offsetof(Elf64_Ehdr, e_phoff), 8);
    uint64_t count = header_count(d);

    for (uint64_t i = 0; i < count; i++, at += sizeof(Elf64_Phdr)) {
        struct bytes header = dump_part(d->file, at, sizeof(Elf64_Phdr));
        uint64_t type = dump_number(header, 0, 4);
        bool ok = true;

        if (header.size < sizeof(Elf64_Phdr) || at > UINT64_MAX - 2 * sizeof(Elf64_Phdr))
            break; /* cut short */
        if (type == PT_LOAD)
            ok = add_segment(d, header);
        else if (type == PT_NOTE)
            ok = read_notes(d, dump_part(d->file,
                                         dump_number(header, offsetof(Elf64_Phdr, p_offset), 8),
                                         dump_number(header, offsetof(Elf64_Phdr, p_filesz), 8)));
        if (!ok)
            return false;
    }
    return true;
}

static int
by_address(const void *a, const void *b)
{
    uint64_t x = ((const struct segment *)a)->address;
    uint64_t y = ((const struct segment *)b)->address;

    return (x > y) - (x < y);
}

/* ---- the whole ---- */

static int
by_tid(const void *a, const void *b)
{
    const struct dump_thread *x = *(struct dump_thread *const *)a;
    const struct dump_thread *y = *(struct dump_thread *const *)b;

    if (x->tid == y->tid)
        return (x > y) - (x < y);
    return (x->tid > y->tid) - (x->tid < y->tid);
}

/* Debuggers and we tell threads by their numbers, and 0 is none: a kernel's dump has a 0 for each
 * idle CPU, a damaged one anything. Those get numbers above all others. */
static bool
number_threads(struct dump *d)
{
    struct dump_thread **sorted = calloc(d->thread_count, sizeof(struct dump_thread *));
    int64_t last = 0, next;

    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < d->thread_count; i++)
        sorted[i] = &d->thread[i];
    qsort(sorted, d->thread_count, sizeof(struct dump_thread *), by_tid);
    next = sorted[d->thread_count - 1]->tid;
    for (size_t i = 0; i < d->thread_count; i++) {
        if (sorted[i]->tid > last)
            last = sorted[i]->tid;
        else
            sorted[i]->tid = ++next;
    }
    free(sorted);
    return true;
}

/* A file that is no core: what else it may be. */
static const char *
name_stranger(struct bytes file)
{
    static const struct {
        uint8_t magic[4];
        const char *words;
    } compressed[] = {
        { { 0x28, 0xb5, 0x2f, 0xfd }, "it is compressed; decompress it first: zstd -d" },
        { { 0x04, 0x22, 0x4d, 0x18 }, "it is compressed; decompress it first: lz4 -d" },
        { { 0xfd, '7', 'z', 'X' }, "it is compressed; decompress it first: xz -d" },
        { { 0x1f, 0x8b, 0x08, 0x00 }, "it is compressed; decompress it first: gzip -d" },
    };

    for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++)
        if (file.size > 4 && memcmp(file.at, compressed[i].magic, i == 3 ? 3 : 4) == 0)
            return compressed[i].words;
    return "it is no ELF core file of 64 bits";
}

static const char *
read_core(struct dump *d)
{
    static const uint8_t magic[6] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB };

    if (d->file.size < sizeof(Elf64_Ehdr) || memcmp(d->file.at, magic, sizeof(magic)) != 0 ||
        dump_number(d->file, offsetof(Elf64_Ehdr, e_type), 2) != ET_CORE)
        return name_stranger(d->file);
    if (!know_machine(d))
        return "it is of a machine that is not known here";
    if (!read_headers(d))
        return "out of memory";
    if (d->thread_count == 0)
        return "it holds no thread; it may be cut short";
    if (!number_threads(d))
        return "out of memory";
    if (d->segment_count > 0)
        qsort(d->segment, d->segment_count, sizeof(*d->segment), by_address);
    if (d->pid == 0)
        d->pid = d->thread[0].tid;
    return dump_find_exe(d);
}

struct dump *
dump_open(const char *core, const char *exe, const char **why)
{
    struct dump *d = calloc(1, sizeof(*d));

    *why = "out of memory";
    if (d == NULL)
        return NULL;
    d->path = strdup(core);
    d->exe = exe != NULL ? strdup(exe) : NULL;
    d->given = exe != NULL;
    errno = 0;
    if (!dump_map(core, &d->file))
        *why = errno != 0 ? strerror(errno) : "it is no file, or empty";
    else if (d->path != NULL && (d->exe != NULL || !d->given))
        *why = read_core(d);
    if (*why == NULL)
        return d;
    dump_close(d);
    return NULL;
}

void
dump_close(struct dump *d)
{
    for (size_t i = 0; d != NULL && i < d->backing_count; i++) {
        dump_unmap(d->backing[i].bytes);
        free(d->backing[i].place);
    }
    if (d == NULL)
        return;
    dump_unmap(d->file);
    free(d->path);
    free(d->exe);
    free(d->segment);
    free(d->backing);
    free(d->thread);
    free(d);
}

/* ---- what is in it ---- */

size_t
dump_thread_count(const struct dump *d)
{
    return d->thread_count;
}

const struct dump_thread *
dump_thread_at(const struct dump *d, size_t i)
{
    return &d->thread[i];
}

size_t
dump_file_count(const struct dump *d)
{
    return d->backing_count;
}

const struct dump_file *
dump_file_at(const struct dump *d, size_t i)
{
    return &d->backing[i].file;
}

const char *
dump_file_place(const struct dump *d, size_t i)
{
    dump_find_file(d, &d->backing[i]);
    return d->backing[i].place;
}

const struct arch_layout *
dump_layout(const struct dump *d)
{
    return &d->layout;
}

int64_t
dump_pid(const struct dump *d)
{
    return d->pid;
}

uint64_t
dump_pac_mask(const struct dump *d)
{
    return d->pac_mask;
}

const char *
dump_exe(const struct dump *d)
{
    return d->exe;
}

const char *
dump_trouble(const struct dump *d)
{
    return d->trouble;
}

bool
dump_auxv(const struct dump *d, uint64_t type, uint64_t *value)
{
    for (uint64_t at = 0; at + 16 <= d->auxv.size; at += 16) {
        if (dump_number(d->auxv, at, 8) != type)
            continue;
        *value = dump_number(d->auxv, at + 8, 8);
        return true;
    }
    return false;
}
