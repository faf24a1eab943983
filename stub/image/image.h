/* image.h - the files that a process has mapped, as modules for the walker. Private. */
#ifndef STUBBORN_IMAGE_H
#define STUBBORN_IMAGE_H

#include <sys/types.h>

#include "arch/unwind/unwind.h"

enum { IMAGE_SPANS = 12 };

struct image {
    char *path; /* as in /proc/PID/maps; "" none */
    bool deleted;
    unsigned long long device, inode;
    uint64_t start, end;     /* of all of its mappings */
    uint64_t first_end;      /* of the first of them */
    uint64_t text, text_end; /* of those that are executable, both 0 when none is */
    bool begins;             /* the first has the beginning of a file */
    bool opened;             /* its file was looked for, and module has what that says */
    const uint8_t *bytes;    /* the whole file (or the vDSO's memory), or NULL */
    size_t size;
    bool mapped; /* bytes are to be unmapped, not freed */
    struct unwind_span spans[IMAGE_SPANS];
    unsigned span_count;
    uint8_t id[ARCH_BUILD_ID_MAX]; /* build-id */
    size_t id_size;
};

struct images {
    pid_t pid;                        /* of a process, or 0 */
    const struct arch_memory *memory; /* of a dump, else NULL */
    bool lazy;                        /* files are opened by image_open */
    struct image *image;              /* parallel: */
    struct unwind_module *module;
    size_t count;
    struct image_range {
        uint64_t start, end;
    } * range; /* every mapping, in order */
    size_t range_count;
};

/* Reads another process's memory for the walker; `process` is a pid_t *. */
arch_read_memory_fn image_read_process;

/* A line of maps, or what a dump says instead. */
struct image_mapping {
    uint64_t start, end, offset;
    unsigned long long device, inode; /* inode 0: no file; of a dump any number for each file */
    bool executable;
    const char *path;
};

/* Takes mappings in the order of their addresses; tidy when that was the last one. A dump's images
 * (pid 0, memory set) are the files of those names if they begin as the memory does. */
bool image_add_mapping(struct images *images, const struct image_mapping *m);
void image_tidy(struct images *images);

/* Makes *images, all zero but for its memory, the one file of that name as it would lie at base.
 * With memory set: only if that begins as the file does, and without a file what memory has there.
 * Its count is 0 when there is nothing. False: no memory. */
bool image_add_file(struct images *images, const char *path, uint64_t base, uint64_t size);

/* The same at the addresses that the file was linked for, as a firmware runs that no system loads:
 * its headers may lie nowhere in memory, so its code is compared. */
bool image_add_linked(struct images *images, const char *path);

/* Reads /proc/PID/maps and the files it names; lazily: no file before image_open asks for it, and
 * what has no code is left out. False with errno. Free it in any case. */
bool image_find(struct images *images, pid_t pid);
bool image_find_lazily(struct images *images, pid_t pid);
void image_free(struct images *images);

/* Reads image i's file, if that was not done, and fills in its module. */
void image_open(struct images *images, size_t i);
/* The module that has this address, opened, or NULL: for struct unwind_config's find_module, of
 * images found lazily. `images` is a struct images *. */
unwind_find_module_fn image_find_module;

/* Index of the image that has this address, or -1. */
ssize_t image_at(const struct images *images, uint64_t address);

/* The end of the mapping that has this address, or of the next one; address when there is none. */
uint64_t image_mapping_end(const struct images *images, uint64_t address);

#endif
