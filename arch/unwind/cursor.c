/* cursor.c - the bytes of a table in order: fixed numbers, LEB128, encoded pointers. Whatever is
 * wrong sticks, so a parser asks once at its end. */
#include "arch/unwind/internal.h"

enum { LEB_BYTES = 10 }; /* 64 bits, seven a byte; more is refused */

struct cursor
unwind_cursor(struct walk *w, uint64_t at, uint64_t end)
{
    struct cursor c = { .w = w, .at = at, .end = end };
    return c;
}

void
unwind_seek(struct cursor *c, uint64_t at)
{
    c->at = at;
    c->left = 0;
}

static void
refuse(struct cursor *c)
{
    if (!c->bad)
        unwind_fault(c->w, UNWIND_BAD_TABLE, c->at);
    c->bad = true;
}

/* More bytes: where the caller has a copy, from there, else into the cursor's own buffer, since a
 * line of the cache may go while the cursor lives. */
static bool
refill(struct cursor *c)
{
    uint64_t room = c->end - c->at;
    size_t have = room < SIZE_MAX ? (size_t)room : SIZE_MAX;
    size_t most = room < sizeof(c->buffer) ? (size_t)room : sizeof(c->buffer);

    if (c->bad || c->at >= c->end) {
        refuse(c);
        return false;
    }
    c->in = unwind_copy(c->w->module, c->at, &have);
    c->left = have;
    if (c->in == NULL) {
        c->in = c->buffer;
        c->left = unwind_some(c->w, c->at, c->buffer, most);
        c->bad = c->left == 0;
    }
    return !c->bad;
}

static uint8_t
byte(struct cursor *c)
{
    if (c->left == 0 && !refill(c))
        return 0;
    c->left--;
    c->at++;
    return *c->in++;
}

uint64_t
unwind_uint(struct cursor *c, unsigned size)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++)
        v |= (uint64_t)byte(c) << 8 * i;
    return c->bad ? 0 : v;
}

int64_t
unwind_sint(struct cursor *c, unsigned size)
{
    unsigned unused = 64 - 8 * size;

    return (int64_t)(unwind_uint(c, size) << unused) >> unused;
}

/* Seven bits a byte; *bits says how many came. */
static uint64_t
leb(struct cursor *c, unsigned *bits, bool *negative)
{
    uint64_t v = 0;
    uint8_t b = 0x80;

    *bits = 0;
    for (unsigned i = 0; i < LEB_BYTES && (b & 0x80) != 0; i++, *bits += 7) {
        b = byte(c);
        v |= (uint64_t)(b & 0x7f) << *bits;
    }
    if ((b & 0x80) != 0)
        refuse(c);
    *negative = (b & 0x40) != 0;
    return c->bad ? 0 : v;
}

uint64_t
unwind_uleb(struct cursor *c)
{
    unsigned bits;
    bool negative;

    return leb(c, &bits, &negative);
}

int64_t
unwind_sleb(struct cursor *c)
{
    unsigned bits;
    bool negative;
    uint64_t v = leb(c, &bits, &negative);

    if (negative && bits < 64 && !c->bad)
        v |= UINT64_MAX << bits;
    return (int64_t)v;
}

enum { /* DW_EH_PE_ */
       ABSPTR = 0x00,
       ULEB128 = 0x01,
       UDATA2 = 0x02,
       UDATA4 = 0x03,
       UDATA8 = 0x04,
       SLEB128 = 0x09,
       SDATA2 = 0x0a,
       SDATA4 = 0x0b,
       SDATA8 = 0x0c,
       PCREL = 0x10,
       DATAREL = 0x30,
       POINTS_AT_IT = 0x80,
       OMIT = 0xff
};

static uint64_t
plain(struct cursor *c, uint8_t form)
{
    switch (form) {
    case ABSPTR:
    case UDATA8:
    case SDATA8:
        return unwind_uint(c, 8);
    case ULEB128:
        return unwind_uleb(c);
    case SLEB128:
        return (uint64_t)unwind_sleb(c);
    case UDATA2:
        return unwind_uint(c, 2);
    case SDATA2:
        return (uint64_t)unwind_sint(c, 2);
    case UDATA4:
        return unwind_uint(c, 4);
    case SDATA4:
        return (uint64_t)unwind_sint(c, 4);
    default:
        refuse(c);
        return 0;
    }
}

uint64_t
unwind_pointer(struct cursor *c, uint8_t encoding, uint64_t data)
{
    uint64_t here = c->at;
    uint64_t v;

    if (encoding == OMIT)
        return 0;
    v = plain(c, encoding & 0x0f);
    switch (encoding & 0x70) {
    case ABSPTR:
        break;
    case PCREL:
        v += here;
        break;
    case DATAREL:
        v += data;
        break;
    default: /* bases that only the file's sections know */
        refuse(c);
    }
    if ((encoding & POINTS_AT_IT) != 0 && !c->bad && !unwind_load(c->w, v, &v))
        c->bad = true;
    return c->bad ? 0 : v;
}
