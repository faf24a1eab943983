/* build_id.c - where the build-id stands in an ELF file of either word size and byte order: the
 * note "GNU" of type 3 (System V gABI, "Note Section"; the type is GNU's). */
#include <string.h>

#include "arch/arch.h"

enum { CLASS_AT = 4, DATA_AT = 5, BIG = 2, NOTE_HEAD = 12 };
enum { PT_NOTE = 4, NT_GNU_BUILD_ID = 3 };
/* Of a file that may be anybody's so many notes are looked at; a real one has a few dozen. */
enum { NOTES_MAX = 1024 };

/* Where things are in the file's header, and in one of its program headers. */
static const struct form {
    uint8_t size; /* of an address */
    uint8_t headers, header_size, header_count;
    uint8_t offset, file_size, align;
} forms[] = { { 4, 28, 42, 44, 4, 16, 28 }, { 8, 32, 54, 56, 8, 32, 48 } };

struct file {
    const uint8_t *bytes;
    size_t size;
    bool big;
    unsigned notes; /* that may still be looked at */
};

/* What lies beyond the file's end is 0. */
static uint64_t
number(const struct file *f, uint64_t at, unsigned size)
{
    uint64_t v = 0;

    if (at > f->size || f->size - at < size)
        return 0;
    for (unsigned i = 0; i < size; i++)
        v = v << 8 | f->bytes[at + (f->big ? i : size - 1 - i)];
    return v;
}

static uint64_t
aligned(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* Among the notes in [at, end), which lie in the file. */
static const uint8_t *
find_note(struct file *f, uint64_t at, uint64_t end, uint64_t align, size_t *size)
{
    for (; end - at >= NOTE_HEAD && f->notes > 0; f->notes--) {
        uint64_t name = number(f, at, 4);
        uint64_t length = number(f, at + 4, 4);
        uint64_t begin = aligned(NOTE_HEAD + name, align);
        uint64_t whole = begin + length;

        if (whole > end - at)
            return NULL;
        if (number(f, at + 8, 4) == NT_GNU_BUILD_ID && name == 4 && length > 0 &&
            length <= ARCH_BUILD_ID_MAX && memcmp(f->bytes + at + NOTE_HEAD, "GNU", 4) == 0) {
            *size = (size_t)length;
            return f->bytes + at + begin;
        }
        whole = aligned(whole, align);
        at += whole < end - at ? whole : end - at;
    }
    return NULL;
}

const uint8_t *
arch_build_id(const void *bytes, size_t n, size_t *size)
{
    static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };
    struct file f = { bytes, n, false, NOTES_MAX };
    const struct form *form;
    const uint8_t *id = NULL;
    uint64_t headers, step, count;

    *size = 0;
    if (n < 64 || memcmp(f.bytes, magic, sizeof(magic)) != 0)
        return NULL;
    f.big = f.bytes[DATA_AT] == BIG;
    form = &forms[f.bytes[CLASS_AT] == 2];
    headers = number(&f, form->headers, form->size);
    step = number(&f, form->header_size, 2);
    count = number(&f, form->header_count, 2);
    for (uint64_t i = 0; i < count && id == NULL && headers <= n; i++, headers += step) {
        uint64_t at = number(&f, headers + form->offset, form->size);
        uint64_t length = number(&f, headers + form->file_size, form->size);
        uint64_t align = number(&f, headers + form->align, form->size) == 8 ? 8 : 4;

        if (number(&f, headers, 4) == PT_NOTE && at < n)
            id = find_note(&f, at, at + (length < n - at ? length : n - at), align, size);
    }
    return id;
}
