/* arch.c - registers of a layout: stepping through them, finding one, its names, and numbers in
 * target byte order. */
#include "arch/arch.h"

#include <string.h>

/* Bit 0 is of what is always there. */
static bool
is_there(const struct arch_layout *layout, const struct arch_feature *feature)
{
    return ((layout->features | 1u) >> (feature->bit & 31u) & 1u) != 0;
}

/* Number and offset count all that was passed, so past the last register they are the totals. */
bool
arch_next(const struct arch_layout *layout, struct arch_register *r)
{
    const struct arch *arch = layout->arch;
    unsigned i = r->feature, row = r->row_index;

    if (r->row != NULL) {
        r->number++;
        r->offset += r->size;
        if (r->index + 1u < r->row->count) {
            r->index++;
            return true;
        }
        row++;
    }
    for (; i < arch->feature_count; i++, row = 0) {
        const struct arch_feature *feature = &arch->features[i];

        if (row < feature->count && is_there(layout, feature)) {
            r->feature = (uint16_t)i;
            r->row_index = (uint16_t)row;
            r->index = 0;
            r->row = &feature->rows[row];
            r->size = r->row->bits / 8u;
            return true;
        }
    }
    return false;
}

bool
arch_register(const struct arch_layout *layout, unsigned number, struct arch_register *r)
{
    *r = (struct arch_register){ 0 };
    while (arch_next(layout, r))
        if (r->number == number)
            return true;
    return false;
}

static bool
same_name(const char *name, const char *wanted, size_t len)
{
    return memcmp(name, wanted, len) == 0 && name[len] == '\0';
}

bool
arch_register_named(const struct arch_layout *layout, const char *name, size_t len,
                    struct arch_register *r)
{
    char own[ARCH_NAME_MAX] = { 0 };

    if (len == 0 || len >= ARCH_NAME_MAX)
        return false;
    *r = (struct arch_register){ 0 };
    while (arch_next(layout, r)) {
        arch_name_of(r, own);
        if (same_name(own, name, len))
            return true;
    }
    *r = (struct arch_register){ 0 };
    while (arch_next(layout, r)) {
        if (arch_alt_of(r, own) && same_name(own, name, len))
            return true;
    }
    return false;
}

bool
arch_register_dwarf(const struct arch_layout *layout, unsigned dwarf, struct arch_register *r)
{
    *r = (struct arch_register){ 0 };
    while (arch_next(layout, r))
        if (r->row->dwarf >= 0 && (unsigned)arch_dwarf_of(r) == dwarf)
            return true;
    return false;
}

bool
arch_register_role(const struct arch_layout *layout, enum arch_role role, struct arch_register *r)
{
    *r = (struct arch_register){ 0 };
    while (role != ARCH_NONE && arch_next(layout, r)) {
        if (arch_role_of(r) == role)
            return true;
    }
    return false;
}

enum arch_role
arch_role_of(const struct arch_register *r)
{
    unsigned role = r->row->role;

    if (role >= ARCH_ARG1)
        role += r->index;
    else if (r->index > 0)
        role = ARCH_NONE;
    return role <= ARCH_ARG8 ? (enum arch_role)role : ARCH_NONE;
}

int
arch_dwarf_of(const struct arch_register *r)
{
    return r->row->dwarf < 0 ? -1 : r->row->dwarf + r->index;
}

/* Copies pattern with '#' replaced by the number, cut at ARCH_NAME_MAX. */
static void
put_name(const char *pattern, unsigned number, char *name)
{
    char *end = name + ARCH_NAME_MAX - 1;

    for (; *pattern != '\0' && name < end; pattern++) {
        if (*pattern != '#')
            *name++ = *pattern;
        else
            for (unsigned place = 100; place > 0 && name < end; place /= 10)
                if (number >= place || place == 1)
                    *name++ = (char)('0' + number / place % 10);
    }
    *name = '\0';
}

void
arch_name_of(const struct arch_register *r, char *name)
{
    put_name(r->row->name, (unsigned)r->row->first + r->index, name);
}

bool
arch_alt_of(const struct arch_register *r, char *name)
{
    enum arch_role role = arch_role_of(r);

    if (role >= ARCH_ARG1)
        put_name("arg#", (unsigned)role - ARCH_ARG1 + 1, name);
    else if (r->row->alt != NULL && r->index == 0)
        put_name(r->row->alt, r->row->first, name);
    else
        return false;
    return true;
}

/* ---- parts ---- */

static size_t
name_length(const char *name)
{
    size_t n = 0;

    while (name[n] != '\0')
        n++;
    return n;
}

static bool
find_whole(const struct arch_layout *layout, const char *pattern, unsigned number,
           struct arch_register *r)
{
    char name[ARCH_NAME_MAX];

    put_name(pattern, number, name);
    return arch_register_named(layout, name, name_length(name), r);
}

/* True when the layout has all that this part is of. */
static bool
resolve_part(const struct arch_layout *layout, const struct arch_part *part, unsigned number,
             struct arch_parted *parted)
{
    *parted = (struct arch_parted){ .part = part };
    put_name(part->name, number, parted->name);
    return find_whole(layout, part->whole[0], number, &parted->whole[0]) &&
           (part->whole[1] == NULL ||
            find_whole(layout, part->whole[1], number, &parted->whole[1]));
}

bool
arch_part(const struct arch_layout *layout, unsigned index, struct arch_parted *parted)
{
    const struct arch *arch = layout->arch;

    for (unsigned i = 0; i < arch->part_count; i++) {
        const struct arch_part *part = &arch->parts[i];

        if (!resolve_part(layout, part, part->first, parted))
            continue;
        if (index < part->count)
            return resolve_part(layout, part, part->first + index, parted);
        index -= part->count;
    }
    return false;
}

static struct arch_register
past_the_last(const struct arch_layout *layout)
{
    struct arch_register r = { 0 };

    while (arch_next(layout, &r))
        ;
    return r;
}

unsigned
arch_register_count(const struct arch_layout *layout)
{
    return past_the_last(layout).number;
}

size_t
arch_g_size(const struct arch_layout *layout)
{
    return past_the_last(layout).offset;
}

uint64_t
arch_get_uint(const struct arch *arch, const void *bytes, size_t size)
{
    const uint8_t *in = bytes;
    uint64_t v = 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | in[arch->big_endian ? i : size - 1 - i];
    return v;
}

void
arch_put_uint(const struct arch *arch, void *bytes, size_t size, uint64_t v)
{
    uint8_t *out = bytes;

    for (size_t i = 0; i < size; i++, v >>= 8)
        out[arch->big_endian ? size - 1 - i : i] = (uint8_t)v;
}
