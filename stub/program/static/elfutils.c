/* elfutils.c - elfutils' libraries, which the static binary has inside. */
#include "stub/program/elfutils.h"

#define HERE(name) .name = name,

const struct elf_library *
elf_library(void)
{
    static const struct elf_library library = { ELFUTILS_ELF(HERE) };

    return &library;
}

const struct dwarf_library *
dwarf_library(void)
{
    static const struct dwarf_library library = { ELFUTILS_DWARF(HERE) };

    return &library;
}
