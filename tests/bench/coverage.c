/* coverage.c - what share of the places where a debugger puts breakpoints (the line table's, and
 * the first instructions of functions are among them) begins with an instruction that the server
 * does itself instead of stepping over it (arch/x86_64_step.c).
 *
 *     coverage NAME=FILE...
 *
 * A line for each: the share where the program has one thread, and that where it has several,
 * when memory other than the stack is left to the processor. */
#include <elfutils/libdw.h>
#include <err.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"

enum { CODE_MAX = 15 };

struct counts {
    unsigned places, alone, beside;
};

/* ---- memory that has everything, as far as it may be touched ---- */

static bool
read_memory(void *context, uint64_t address, void *bytes, size_t size, bool stack)
{
    const bool *only_stack = context;

    (void)address;
    memset(bytes, 1, size);
    return stack || !*only_stack;
}

/* An address that is read from it must be one of a program's. */
static bool
read_user_address(void *context, uint64_t address, void *bytes, size_t size, bool stack)
{
    static const uint8_t user[8] = { 0, 0x10 };

    if (!read_memory(context, address, bytes, size, stack))
        return false;
    memcpy(bytes, user, size < sizeof(user) ? size : sizeof(user));
    return true;
}

static bool
write_memory(void *context, uint64_t address, const void *bytes, size_t size, bool stack)
{
    (void)bytes;
    (void)address;
    (void)size;
    return stack || !*(const bool *)context;
}

static bool
is_done_here(const uint8_t *code, size_t n, bool only_stack)
{
    const struct arch_access access = { read_user_address, write_memory, &only_stack };
    struct arch_x86_64_state s = { .pc = UINT64_C(0x555555554000), .flags = 0x202 };

    for (size_t i = 0; i < 16; i++)
        s.registers[i] = 0x2000;
    return arch_x86_64_emulate(&s, code, n, &access);
}

/* ---- the places of a file ---- */

struct code {
    uint64_t address;
    const uint8_t *bytes;
    size_t size;
};

/* The section with code that holds an address. */
static bool
find_code(Elf *elf, uint64_t address, struct code *code)
{
    Elf_Scn *scn = NULL;

    while ((scn = elf_nextscn(elf, scn)) != NULL) {
        GElf_Shdr header;
        Elf_Data *data;

        if (gelf_getshdr(scn, &header) == NULL || (header.sh_flags & SHF_EXECINSTR) == 0 ||
            header.sh_type != SHT_PROGBITS || address < header.sh_addr ||
            address - header.sh_addr >= header.sh_size)
            continue;
        data = elf_getdata(scn, NULL);
        if (data == NULL)
            return false;
        *code = (struct code){ header.sh_addr, data->d_buf, data->d_size };
        return true;
    }
    return false;
}

static void
look_at(Elf *elf, uint64_t address, struct counts *c)
{
    struct code code;
    size_t at, n;

    if (!find_code(elf, address, &code))
        return;
    at = (size_t)(address - code.address);
    n = code.size - at < CODE_MAX ? code.size - at : CODE_MAX;
    c->places++;
    c->alone += is_done_here(code.bytes + at, n, false);
    c->beside += is_done_here(code.bytes + at, n, true);
}

static int
by_address(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The addresses of statements in one unit, each once. */
static void
look_at_unit(Dwarf_Die *unit, Elf *elf, struct counts *c)
{
    Dwarf_Lines *lines;
    size_t n, used = 0;
    uint64_t *at;

    if (dwarf_getsrclines(unit, &lines, &n) != 0 || n == 0)
        return;
    at = calloc(n, sizeof(*at));
    if (at == NULL)
        err(1, "no memory");
    for (size_t i = 0; i < n; i++) {
        Dwarf_Line *line = dwarf_onesrcline(lines, i);
        bool statement = false, end = false;

        dwarf_linebeginstatement(line, &statement);
        dwarf_lineendsequence(line, &end);
        if (statement && !end && dwarf_lineaddr(line, &at[used]) == 0)
            used++;
    }
    qsort(at, used, sizeof(*at), by_address);
    for (size_t i = 0; i < used; i++)
        if (i == 0 || at[i] != at[i - 1])
            look_at(elf, at[i], c);
    free(at);
}

static struct counts
count(const char *path)
{
    struct counts c = { 0 };
    int fd = open(path, O_RDONLY);
    Dwarf *dwarf = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);
    Dwarf_Off at = 0, next;
    size_t header;

    if (dwarf == NULL)
        errx(1, "%s: no file with lines", path);
    for (; dwarf_nextcu(dwarf, at, &next, &header, NULL, NULL, NULL) == 0; at = next) {
        Dwarf_Die unit;

        if (dwarf_offdie(dwarf, at + header, &unit) != NULL)
            look_at_unit(&unit, dwarf_getelf(dwarf), &c);
    }
    dwarf_end(dwarf);
    close(fd);
    return c;
}

int
main(int argc, char **argv)
{
    elf_version(EV_CURRENT);
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        struct counts c;

        if (equals == NULL)
            errx(2, "usage: coverage NAME=FILE...");
        *equals = '\0';
        c = count(equals + 1);
        if (c.places == 0)
            errx(1, "%s: no lines", equals + 1);
        printf("%s: %u line starts, %.1f %% done in the server, %.1f %% beside other threads\n",
               argv[i], c.places, 100.0 * c.alone / c.places, 100.0 * c.beside / c.places);
    }
    return argc > 1 ? 0 : 2;
}
