/* find.c - the file of a program that is to be started: found, and checked before anything is
 * forked, so that a refusal can name the cause. */
#define _GNU_SOURCE 1
#include "stub/live/launch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <bsd/string.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_SIZE = 256 }; /* what the kernel looks at, too */

static size_t
read_head(const char *path, uint8_t *head)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, head, HEAD_SIZE);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

static const char *
foreign_file(const char *path)
{
    uint8_t head[HEAD_SIZE];
    size_t n = read_head(path, head);
    return n > 0 ? live_foreign_machine(head, n) : NULL;
}

const char *
live_foreign_program(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    return foreign_file(path);
}

static bool
is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Text without a #!: a shell would run it itself, and the debugger would see the shell. */
static bool
is_script_without_interpreter(const char *path)
{
    uint8_t head[HEAD_SIZE];
    size_t n = read_head(path, head);

    if (n == 0 || (n >= 2 && memcmp(head, "#!", 2) == 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (head[i] < ' ' && head[i] != '\t' && head[i] != '\n' && head[i] != '\r')
            return false;
    }
    return true;
}

/* The program that a #! names and that is not there; into name, else false. */
static bool
lacks_interpreter(const char *path, char *name)
{
    char head[HEAD_SIZE + 1] = "";
    const char *begin = head + 2;

    head[read_head(path, (uint8_t *)head)] = '\0';
    if (strncmp(head, "#!", 2) != 0)
        return false;
    begin += strspn(begin, " \t");
    snprintf(name, HEAD_SIZE, "%.*s", (int)strcspn(begin, " \t\r\n"), begin);
    return name[0] != '\0' && access(name, F_OK) != 0;
}

/* ---- finding ---- */

static bool
find_on_path(struct start *s, const char *name)
{
    const char *at = getenv("PATH");

    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ":");
        snprintf(s->path, sizeof(s->path), "%.*s/%s", (int)n, at, name);
        if (is_program(s->path))
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static bool
make_absolute(char *path, size_t size)
{
    char here[PATH_MAX], whole[2 * PATH_MAX];

    if (path[0] == '/')
        return true;
    if (getcwd(here, sizeof(here)) == NULL)
        return false;
    snprintf(whole, sizeof(whole), "%s/%s", here, path + (strncmp(path, "./", 2) == 0 ? 2 : 0));
    return strlcpy(path, whole, size) < size;
}

/* A name without a slash is looked for here and then along PATH, as gdbserver does; argv[0] is
 * the path then, or the bare name. */
static bool
find(struct start *s, const char *name)
{
    bool bare = strchr(name, '/') == NULL;

    strlcpy(s->word, name, sizeof(s->word));
    snprintf(s->path, sizeof(s->path), "%s%s", bare ? "./" : "", name);
    if (bare && access(s->path, F_OK) != 0) {
        if (!find_on_path(s, name))
            strlcpy(s->path, name, sizeof(s->path));
        return strchr(s->path, '/') == NULL || make_absolute(s->path, sizeof(s->path));
    }
    if (!make_absolute(s->path, sizeof(s->path)))
        return false;
    if (bare)
        strlcpy(s->word, s->path, sizeof(s->word));
    return true;
}

/* ---- checking ---- */

/* What qemu calls a machine. */
static const char *
emulator_of(const char *path)
{
    static const struct {
        unsigned number;
        const char *name;
    } rows[] = {
        { EM_386, "qemu-i386" },      { EM_ARM, "qemu-arm" },       { EM_AARCH64, "qemu-aarch64" },
        { EM_RISCV, "qemu-riscv64" }, { EM_PPC64, "qemu-ppc64le" }, { EM_S390, "qemu-s390x" },
        { EM_MIPS, "qemu-mips" },
    };
    uint8_t head[HEAD_SIZE] = { 0 };
    bool big = read_head(path, head) > EI_DATA && head[EI_DATA] == ELFDATA2MSB;
    unsigned at = offsetof(Elf32_Ehdr, e_machine);
    unsigned number =
        (unsigned)(big ? head[at] << 8 | head[at + 1] : head[at + 1] << 8 | head[at]);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].number == number)
            return rows[i].name;
    }
    return "qemu-MACHINE";
}

static int
refuse_foreign(struct live *live, const char *path, const char *machine)
{
    return live_fail(live, STUB_ENOTSUP,
                     "cannot launch %s: it is %s and only x86-64 is served here; run it under "
                     "qemu-user so: %s -g 1234 %s, and connect to port 1234",
                     path, machine, emulator_of(path), path);
}

static int
check_script(struct live *live, const char *path)
{
    char interpreter[HEAD_SIZE];

    if (is_script_without_interpreter(path))
        return live_fail(live, ENOEXEC,
                         "cannot launch %s: a script that does not begin with #!; write #!/bin/sh "
                         "into its first line, or launch its interpreter",
                         path);
    if (lacks_interpreter(path, interpreter))
        return live_fail(live, STUB_ENOENT,
                         "cannot launch %s: its interpreter %s is missing; install that, or name "
                         "another behind the #!",
                         path, interpreter);
    return 0;
}

static int
check_program(struct live *live, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return live_fail(live, errno, "cannot launch %s: %s; give its path, or a name on PATH",
                         path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return live_fail(live, STUB_EACCES, "cannot launch %s: it is a directory; name a program",
                         path);
    if (!is_program(path))
        return live_fail(live, STUB_EACCES,
                         "cannot launch %s: it is not executable; try chmod +x %s", path, path);
    const char *machine = foreign_file(path);
    return machine != NULL ? refuse_foreign(live, path, machine) : check_script(live, path);
}

int
live_find_program(struct start *s, const char *name)
{
    struct live *live = s->live;

    if (strlen(name) >= sizeof(s->path))
        return live_fail(live, ENAMETOOLONG, "the program's name is too long; give a shorter one");
    if (!find(s, name))
        return live_fail(live, STUB_ENOENT, "the current directory is gone; change to another");
    /* Where a wrapper goes first (into a chroot, a namespace) the name may mean something. */
    if (live->config.wrapper != NULL && access(s->path, F_OK) != 0)
        return 0;
    return check_program(live, s->path);
}
