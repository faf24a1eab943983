/* elfutils.c - loads elfutils' libraries. The static binary has static/elfutils.c instead. */
#define _GNU_SOURCE 1
#include "stub/program/elfutils.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

struct function {
    const char *name;
    size_t at; /* where its pointer stands in the library's struct */
};

/* Fills in every pointer of *functions, or says that this cannot be done. */
static bool
load(const char *soname, const struct function *function, size_t count, void *functions)
{
    void *library = dlopen(soname, RTLD_LAZY);

    for (size_t i = 0; library != NULL && i < count; i++) {
        void **to = (void **)((char *)functions + function[i].at);

        *to = dlsym(library, function[i].name);
        if (*to == NULL)
            return false;
    }
    return library != NULL;
}

/* 0 not tried yet, 1 here, -1 not here. */
static bool
load_once(int *state, const char *soname, const struct function *function, size_t count,
          void *functions)
{
    if (*state == 0)
        *state = load(soname, function, count, functions) ? 1 : -1;
    return *state > 0;
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

const struct elf_library *
elf_library(void)
{
#define ROW(name) { #name, offsetof(struct elf_library, name) },
    static const struct function rows[] = { ELFUTILS_ELF(ROW) };
#undef ROW
    static struct elf_library library;
    static int state;

    return load_once(&state, "libelf.so.1", rows, COUNT(rows), &library) ? &library : NULL;
}

const struct dwarf_library *
dwarf_library(void)
{
#define ROW(name) { #name, offsetof(struct dwarf_library, name) },
    static const struct function rows[] = { ELFUTILS_DWARF(ROW) };
#undef ROW
    static struct dwarf_library library;
    static int state;

    return load_once(&state, "libdw.so.1", rows, COUNT(rows), &library) ? &library : NULL;
}
