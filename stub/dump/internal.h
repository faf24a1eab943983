/* internal.h - what the files of stub/dump share. */
#ifndef STUBBORN_DUMP_INTERNAL_H
#define STUBBORN_DUMP_INTERNAL_H

#include "stub/dump/dump.h"

struct bytes {
    const uint8_t *at;
    size_t size;
};

struct segment {
    uint64_t address, size;
    uint8_t permissions; /* STUB_READ ... */
    struct bytes bytes;  /* the beginning of it that the core holds */
};

struct backing {
    struct dump_file file;
    bool tried;         /* it was looked for: */
    char *place;        /* where it is, NULL nowhere, */
    struct bytes bytes; /* what is in it, */
    bool changed;       /* or there is another file in its place */
};

struct dump {
    struct bytes file;
    char *path;          /* of the core */
    char *exe;           /* where the program is, or was; NULL not known */
    bool given;          /* the user said so */
    size_t program;      /* the first backing of it; backing_count none */
    const char *trouble; /* see dump_trouble */
    const struct arch_places *places;
    struct arch_layout layout;
    struct arch_xsave xsave;
    int64_t pid, parent;
    char name[17];
    struct bytes auxv;
    uint64_t pac_mask;
    struct segment *segment; /* sorted by address */
    size_t segment_count;
    struct backing *backing;
    size_t backing_count;
    struct dump_thread *thread;
    size_t thread_count;
    size_t notes_read;
    bool told; /* the stop was reported */
};

/* files.c */
bool dump_map(const char *path, struct bytes *bytes); /* false with errno, 0: no file or empty */
void dump_unmap(struct bytes bytes);
/* [offset, offset + size) of b as far as it is there; never NULL when b is not. */
struct bytes dump_part(struct bytes b, uint64_t offset, uint64_t size);
/* Little-endian, of what is there. */
uint64_t dump_number(struct bytes b, uint64_t offset, unsigned size);
/* STUB_READ ... for PF_R ... */
uint8_t dump_permissions(uint64_t flags);
/* Looks for the file, once; the backing's members say what came of it. */
void dump_find_file(const struct dump *dump, struct backing *b);
/* STUB_READ ... of a part that no segment describes, as the file's own headers have them. */
uint8_t dump_file_permissions(const struct dump *dump, struct backing *b);
/* Has the program's file, or a debug file of it, symbols? Else it is not worth being taken in
 * place of one that the client's user has. */
bool dump_has_symbols(const struct dump *dump);
/* Fills in program, exe and trouble. NULL, or why the core cannot be used. */
const char *dump_find_exe(struct dump *dump);

/* libraries.c */
int dump_shlib_info(void *process, uint64_t *address);
int dump_libraries(void *process, struct rsp_window *w, bool for_gdb);

/* memory.c */
const struct segment *dump_segment_at(const struct dump *d, uint64_t address);
/* The part of a file that was mapped there; NULL none. */
struct backing *dump_backing_at(const struct dump *d, uint64_t address);

#endif
