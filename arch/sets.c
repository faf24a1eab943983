/* sets.c - registers into and out of the sets that an operating system keeps them in; XSAVE areas
 * as the Intel SDM, volume 1, chapter 13 has them (standard form). */
#include "arch/arch.h"

#include <string.h>

/* The legacy region of an XSAVE area is an FXSAVE image; the header follows it. */
enum { X87, SSE, AVX };
enum { FSTAT = 2, ST = 32, ST_STRIDE = 16, XMM = 160, LEGACY_USED = 416 };
enum { LEGACY_SIZE = 512, XSTATE_BV = 512, HEADER_SIZE = 64 };
enum { FCTRL_INITIAL = 0x37f, MXCSR = 24, MXCSR_INITIAL = 0x1f80 };

/* Where one register stands. */
struct spot {
    const struct arch_place *place;
    unsigned set;
    uint8_t *bytes;     /* the stored form: place->width bytes */
    uint8_t *component; /* start of its XSAVE component; NULL outside an XSAVE area */
    uint32_t size;      /* of the component */
    bool initial;       /* the component is in its initial state */
};

static uint64_t
get_little(const uint8_t *bytes, unsigned size)
{
    uint64_t v = 0;

    while (size-- > 0)
        v = v << 8 | bytes[size];
    return v;
}

static void
put_little(uint8_t *bytes, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++, v >>= 8)
        bytes[i] = (uint8_t)v;
}

/* Finds component c in the XSAVE area. False when this CPU or this area has none. */
static bool
find_component(const struct arch_sets *sets, unsigned c, struct spot *s)
{
    uint8_t *area = sets->bytes[ARCH_SET_XSTATE];
    uint32_t area_size = sets->size[ARCH_SET_XSTATE];
    uint32_t base = 0;
    uint64_t in_use;

    if (area_size < LEGACY_SIZE + HEADER_SIZE)
        return false;
    s->size = LEGACY_SIZE;
    if (c > SSE) {
        if (sets->xsave == NULL || c >= ARCH_XSAVE_COMPONENTS)
            return false;
        base = sets->xsave->base[c];
        s->size = sets->xsave->size[c];
        if (base > area_size || s->size > area_size - base)
            return false;
    }
    in_use = get_little(area + XSTATE_BV, 8);
    s->component = area + base;
    s->initial = (in_use >> c & 1) == 0;
    if (s->place->form == ARCH_MXCSR && (in_use >> AVX & 1) != 0)
        s->initial = false;
    return true;
}

/* Finds the register. False when its set is not there or too short. */
static bool
find(const struct arch_sets *sets, const struct arch_register *r, struct spot *s)
{
    const struct arch_place *place = &sets->places->features[r->feature][r->row_index];
    int32_t offset = place->offset + (int32_t)r->index * place->stride;
    uint32_t size;

    *s = (struct spot){ .place = place, .set = place->set };
    if (sets->places->xsave && s->set == ARCH_SET_XSTATE && sets->bytes[s->set] == NULL &&
        place->component <= SSE)
        s->set = ARCH_SET_FP;
    if (place->form == ARCH_CONSTANT0)
        return true;
    if (s->set >= ARCH_SETS || sets->bytes[s->set] == NULL)
        return false;
    s->bytes = sets->bytes[s->set];
    size = sets->size[s->set];
    if (sets->places->xsave && s->set == ARCH_SET_XSTATE) {
        if (!find_component(sets, place->component, s))
            return false;
        s->bytes = s->component;
        size = s->size;
    }
    if (offset < 0 || (uint32_t)offset > size || place->width > size - (uint32_t)offset)
        return false;
    s->bytes += offset;
    return true;
}

/* Two bits of the full tag word for a register in use: 0 valid, 1 zero, 2 special. SDM volume 1,
 * "x87 FPU Tag Word". */
static unsigned
tag_of(const uint8_t *st)
{
    unsigned exponent = (unsigned)get_little(st + 8, 2) & 0x7fff;
    uint64_t significand = get_little(st, 8);

    if (exponent == 0 && significand == 0)
        return 1;
    if (exponent == 0 || exponent == 0x7fff || significand >> 63 == 0)
        return 2;
    return 0;
}

/* The full tag word of an FXSAVE image, whose tags are one bit for each physical register while
 * its contents stand in the order of the stack: physical i is st((i - TOP) mod 8). */
static unsigned
full_tags(const uint8_t *image)
{
    unsigned top = (unsigned)get_little(image + FSTAT, 2) >> 11 & 7;
    unsigned tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        bool used = (image[4] >> i & 1) != 0;
        unsigned tag = used ? tag_of(image + ST + ST_STRIDE * ((i - top) & 7)) : 3;

        tags |= tag << 2 * i;
    }
    return tags;
}

static uint8_t
abridged_tags(unsigned tags)
{
    unsigned used = 0;

    for (unsigned i = 0; i < 8; i++)
        used |= (unsigned)((tags >> 2 * i & 3) != 3) << i;
    return (uint8_t)used;
}

bool
arch_get(const struct arch_sets *sets, const struct arch_register *r, void *value)
{
    struct spot s;
    uint8_t *out = value;
    unsigned width;

    if (!find(sets, r, &s))
        return false;
    width = s.place->width < r->size ? s.place->width : r->size;
    memset(out, 0, r->size);
    if (s.place->form == ARCH_CONSTANT0)
        return true;
    if (s.initial)
        put_little(out, r->size < 2 ? r->size : 2, s.place->initial);
    else if (s.place->form == ARCH_X87_TAG)
        put_little(out, r->size < 2 ? r->size : 2, full_tags(s.bytes - s.place->offset));
    else
        memcpy(out, s.bytes, width);
    return true;
}

/* Gives the whole component its initial values, so that its XSTATE_BV bit may be set. */
static void
fill_initial(const struct spot *s)
{
    uint8_t *bytes = s->component;

    switch (s->place->component) {
    case X87:
        memset(bytes, 0, MXCSR);
        memset(bytes + ST, 0, XMM - ST);
        put_little(bytes, 2, FCTRL_INITIAL);
        break;
    case SSE:
        memset(bytes + XMM, 0, LEGACY_USED - XMM);
        break;
    default:
        memset(bytes, 0, s->size);
    }
}

/* Makes the component one that is in use. MXCSR comes into use with either SSE or AVX. */
static void
use_component(const struct arch_sets *sets, const struct spot *s)
{
    const uint64_t mxcsr_users = 1u << SSE | 1u << AVX;
    uint8_t *area = sets->bytes[ARCH_SET_XSTATE];
    uint64_t in_use = get_little(area + XSTATE_BV, 8);
    uint64_t bit = (uint64_t)1 << s->place->component;

    if ((in_use & bit) != 0)
        return;
    fill_initial(s);
    if ((bit & mxcsr_users) != 0 && (in_use & mxcsr_users) == 0)
        put_little(area + MXCSR, 4, MXCSR_INITIAL);
    put_little(area + XSTATE_BV, 8, in_use | bit);
}

bool
arch_put(const struct arch_sets *sets, const struct arch_register *r, const void *value,
         unsigned *set)
{
    const uint8_t *in = value;
    struct spot s;
    unsigned width;

    if (!find(sets, r, &s))
        return false;
    *set = ARCH_SETS;
    if (s.place->form == ARCH_CONSTANT0)
        return true;
    *set = s.set;
    width = s.place->width < r->size ? s.place->width : r->size;
    if (s.component != NULL)
        use_component(sets, &s);
    if (s.place->form == ARCH_X87_TAG)
        s.bytes[0] = abridged_tags((unsigned)get_little(in, r->size < 2 ? r->size : 2));
    else
        memcpy(s.bytes, in, width);
    return true;
}
