/* internal.h - what the files of stub/host share. */
#ifndef STUBBORN_HOST_INTERNAL_H
#define STUBBORN_HOST_INTERNAL_H

#include <dirent.h>
#include <limits.h>
#include <regex.h>
#include <sys/types.h>

#include "stub/host/host.h"

enum {
    HOST_ARGS_MAX = 32768, /* bytes of a process's arguments that are told */
    HOST_OUTPUT_MAX = 65536,
    HOST_COMPLETIONS_MAX = 4096
};

/* The last answer of each kind: what was handed out stays good until the next. */
struct host {
    /* processes.c */
    pid_t *pids; /* the list under way, and where it stands */
    size_t pid_count, pid_at;
    struct stub_process_match match;
    char match_name[4096], match_machine[64];
    regex_t regex;
    bool has_regex;
    char path[PATH_MAX], args[HOST_ARGS_MAX];

    char name[256];                      /* users.c */
    uint8_t build_id[ARCH_BUILD_ID_MAX]; /* modules.c */
    char **completions;                  /* paths.c */
    size_t completion_count;
    uint8_t output[HOST_OUTPUT_MAX]; /* shell.c */
};

/* ---- processes.c ---- */
int host_find_processes(void *host, const struct stub_process_match *match);
int host_next_process(void *host, struct stub_host_process *process);
int host_process(void *host, int64_t pid, struct stub_host_process *process);
void host_forget_processes(struct host *host);

/* ---- users.c ---- */
int host_user_name(void *host, uint32_t id, const char **name);
int host_group_name(void *host, uint32_t id, const char **name);

/* ---- paths.c ---- */
int host_make_directory(void *host, const char *path, unsigned mode);
int host_change_mode(void *host, const char *path, unsigned mode);
int host_make_link(void *host, const char *path, const char *leads_to);
int host_complete(void *host, const char *begin, bool only_directories, unsigned index,
                  const char **path);
void host_forget_completions(struct host *host);

/* ---- modules.c ---- */
int host_md5(void *host, const char *path, uint8_t digest[16]);
int host_module(void *host, const char *path, const char *machine, struct stub_module *module);
/* The machine that a file's code is for, "" when it is no ELF file. */
const char *host_machine_of(const char *path);

/* ---- shell.c ---- */
int host_shell(void *host, const char *command, const char *directory, unsigned seconds,
               struct stub_shell_result *result);

#endif
