/* elfutils.h - what `bt` asks of elfutils' libraries. They are loaded when somebody asks: they and
 * the compressors that they bring make a third of the program's start. Private. */
#ifndef STUB_PROGRAM_ELFUTILS_H
#define STUB_PROGRAM_ELFUTILS_H

#include <elfutils/libdw.h>
#include <gelf.h>

/* Every function, by its name there. */
#define ELFUTILS_ELF(ROW)                                                                         \
    ROW(elf_version)                                                                              \
    ROW(elf_begin)                                                                                \
    ROW(elf_memory)                                                                               \
    ROW(elf_end)                                                                                  \
    ROW(elf_nextscn)                                                                              \
    ROW(elf_getdata)                                                                              \
    ROW(elf_strptr)                                                                               \
    ROW(gelf_getshdr)                                                                             \
    ROW(gelf_getsym)
#define ELFUTILS_DWARF(ROW)                                                                       \
    ROW(dwarf_begin_elf)                                                                          \
    ROW(dwarf_end)                                                                                \
    ROW(dwarf_addrdie)                                                                            \
    ROW(dwarf_getscopes)                                                                          \
    ROW(dwarf_tag)                                                                                \
    ROW(dwarf_diename)                                                                            \
    ROW(dwarf_attr)                                                                               \
    ROW(dwarf_attr_integrate)                                                                     \
    ROW(dwarf_formstring)                                                                         \
    ROW(dwarf_formudata)                                                                          \
    ROW(dwarf_getsrc_die)                                                                         \
    ROW(dwarf_getsrcfiles)                                                                        \
    ROW(dwarf_filesrc)                                                                            \
    ROW(dwarf_linesrc)                                                                            \
    ROW(dwarf_lineno)                                                                             \
    ROW(dwarf_linecol)

#define ELFUTILS_MEMBER(name) __typeof__(name) *name;
struct elf_library {
    ELFUTILS_ELF(ELFUTILS_MEMBER)
};
struct dwarf_library {
    ELFUTILS_DWARF(ELFUTILS_MEMBER)
};

/* libelf and libdw. NULL: it is not on this machine, or lacks a function. */
const struct elf_library *elf_library(void);
const struct dwarf_library *dwarf_library(void);

#endif
