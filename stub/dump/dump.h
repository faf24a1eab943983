/* dump.h - an ELF core file: its threads, registers, memory and files, and the same as a target
 * (stub/target.h) that never runs.
 *
 * Nothing in the file is believed: offsets and counts are checked, and what is cut off is simply
 * not there. Memory that the kernel left out because a file has it is read from that file. */
#ifndef STUBBORN_DUMP_H
#define STUBBORN_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub/target.h"

struct dump;

/* The operations; their object is a struct dump *. */
extern const struct stub_target dump_target;

/* Opens a core. exe: the program that made it, or NULL: it is looked for where the core says, by
 * its build-id under /usr/lib/debug, and beside the core. NULL with *why, words for the user: one
 * of them is that exe did not make this core. */
struct dump *dump_open(const char *core, const char *exe, const char **why);
void dump_close(struct dump *dump);

struct dump_thread {
    int64_t tid;
    int signal;            /* Linux's number; 0 none */
    struct arch_sets sets; /* point into the file */
    const uint8_t *siginfo;
    size_t siginfo_size;
};

/* The first is the one that died. */
size_t dump_thread_count(const struct dump *dump);
const struct dump_thread *dump_thread_at(const struct dump *dump, size_t i);

/* A file that was mapped, NT_FILE's words. */
struct dump_file {
    uint64_t start, end, offset; /* offset in bytes */
    const char *path;
};
size_t dump_file_count(const struct dump *dump);
const struct dump_file *dump_file_at(const struct dump *dump, size_t i);
/* Where it is now, as the program; NULL when it is nowhere or has changed. */
const char *dump_file_place(const struct dump *dump, size_t i);

/* The contract's callback; process is a struct dump *. */
arch_read_memory_fn dump_read_memory;

const struct arch_layout *dump_layout(const struct dump *dump);
int64_t dump_pid(const struct dump *dump);
uint64_t dump_pac_mask(const struct dump *dump); /* AArch64; 0 not known */
/* The program: as given, else where it was found, else as the core names it; or NULL. */
const char *dump_exe(const struct dump *dump);
/* Why code and names of the program will be missing, in words; NULL: they will not. */
const char *dump_trouble(const struct dump *dump);
/* An entry of the auxiliary vector (AT_...). */
bool dump_auxv(const struct dump *dump, uint64_t type, uint64_t *value);

#endif
