/* image.h - the files that a process has mapped, as modules for the walker. Private. */
#ifndef STUB_PROGRAM_IMAGE_H
#define STUB_PROGRAM_IMAGE_H

#include <sys/types.h>

#include "arch/unwind/unwind.h"

enum { IMAGE_SPANS = 12, IMAGE_ID_MAX = 64 };

struct program_image {
    char *path; /* as in /proc/PID/maps; "" none */
    bool deleted;
    unsigned long long device, inode;
    uint64_t start, end;  /* of all of its mappings */
    const uint8_t *bytes; /* the whole file (or the vDSO's memory), or NULL */
    size_t size;
    bool mapped; /* bytes are to be unmapped, not freed */
    struct unwind_span spans[IMAGE_SPANS];
    unsigned span_count;
    uint8_t id[IMAGE_ID_MAX]; /* build-id */
    size_t id_size;
};

struct program_images {
    pid_t pid;                        /* of a process, or 0 */
    const struct arch_memory *memory; /* of a dump, else NULL */
    struct program_image *image;      /* parallel: */
    struct unwind_module *module;
    size_t count;
    struct program_range {
        uint64_t start, end;
    } * range; /* every mapping, in order */
    size_t range_count;
};

/* Reads another process's memory for the walker; `process` is a pid_t *. */
arch_read_memory_fn program_read_process;

/* A line of maps, or what a dump says instead. */
struct program_mapping {
    uint64_t start, end, offset;
    unsigned long long device, inode; /* inode 0: no file; of a dump any number for each file */
    bool executable;
    const char *path;
};

/* Takes mappings in the order of their addresses; tidy when that was the last one. A dump's images
 * (pid 0, memory set) are the files of those names if they begin as the memory does. */
bool program_add_mapping(struct program_images *images, const struct program_mapping *m);
void program_tidy_images(struct program_images *images);

/* Reads /proc/PID/maps and the files it names. False with errno. Free it in any case. */
bool program_find_images(struct program_images *images, pid_t pid);
void program_free_images(struct program_images *images);

/* Index of the image that has this address, or -1. */
ssize_t program_image_at(const struct program_images *images, uint64_t address);

/* The end of the mapping that has this address, or of the next one; address when there is none. */
uint64_t program_mapping_end(const struct program_images *images, uint64_t address);

#endif
