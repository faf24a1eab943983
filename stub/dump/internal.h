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
    struct bytes bytes; /* of the file, once it was looked at */
    bool tried;
};

struct dump {
    struct bytes file;
    char *exe;
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

/* file.c */
bool dump_map(const char *path, struct bytes *bytes);
void dump_unmap(struct bytes bytes);

/* libraries.c */
int dump_shlib_info(void *process, uint64_t *address);
int dump_libraries(void *process, struct rsp_window *w, bool for_gdb);

/* memory.c */
const struct segment *dump_segment_at(const struct dump *d, uint64_t address);

#endif
