/* modules.c - what a file of code is: for which machine, with which build id (elf(5)). */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <md5.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Words of a triple, by ELF machine. */
static const struct {
    uint16_t machine;
    char word[12];
} machines[] = {
    { EM_X86_64, "x86_64" },   { EM_AARCH64, "aarch64" }, { EM_386, "i386" },
    { EM_ARM, "arm" },         { EM_RISCV, "riscv64" },   { EM_S390, "s390x" },
    { EM_PPC64, "powerpc64" },
};

static const char *
machine_word(uint16_t machine)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].machine == machine)
            return machines[i].word;
    return "";
}

/* A device or a pipe may block for ever. */
static int
open_regular(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return -errno;
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        close(fd);
        return -EACCES;
    }
    return fd;
}

/* By the bytes that both word sizes have alike: e_ident and e_type, then e_machine. NULL: it is no
 * ELF file. */
enum { HEAD = 20 };
static const char *
machine_in(const uint8_t *head, size_t n)
{
    enum { AT_DATA = 5, BIG = 2, AT_MACHINE = 18 };

    if (n < HEAD || memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (head[AT_DATA] == BIG)
        return machine_word((uint16_t)(head[AT_MACHINE] << 8 | head[AT_MACHINE + 1]));
    return machine_word((uint16_t)(head[AT_MACHINE + 1] << 8 | head[AT_MACHINE]));
}

const char *
host_machine_of(const char *path)
{
    uint8_t head[HEAD];
    const char *word;
    struct stat st;
    int fd = open_regular(path, &st);
    ssize_t n;

    if (fd < 0)
        return "";
    n = pread(fd, head, sizeof(head), 0);
    close(fd);
    word = n > 0 ? machine_in(head, (size_t)n) : NULL;
    return word != NULL ? word : "";
}

static int
read_module(struct host *host, int fd, size_t size, struct stub_module *module)
{
    void *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    const char *machine;
    const uint8_t *id;

    if (file == MAP_FAILED)
        return -STUB_ESRCH; /* lldb-server's number for "no module" */
    machine = machine_in(file, size);
    id = arch_build_id(file, size, &module->build_id_size);
    if (id != NULL)
        module->build_id = memcpy(host->build_id, id, module->build_id_size);
    munmap(file, size);
    module->machine = machine != NULL ? machine : "";
    return machine != NULL ? 0 : -STUB_ESRCH;
}

int
host_module(void *object, const char *path, const char *machine, struct stub_module *module)
{
    struct stat st;
    int fd = open_regular(path, &st), r;

    *module = (struct stub_module){ .machine = "" };
    if (fd < 0)
        return -STUB_ESRCH;
    r = read_module(object, fd, (size_t)st.st_size, module);
    close(fd);
    if (r != 0)
        return r;
    if (machine != NULL && machine[0] != '\0' && strcmp(machine, module->machine) != 0)
        return -STUB_ESRCH;
    module->size = (uint64_t)st.st_size;
    return module->build_id_size > 0 ? 0 : host_md5(object, path, module->md5);
}

/* ---- sums ---- */

int
host_md5(void *host, const char *path, uint8_t digest[16])
{
    uint8_t bytes[65536];
    struct stat st;
    int fd = open_regular(path, &st);
    MD5_CTX sum;
    ssize_t n;

    (void)host;
    if (fd < 0)
        return fd;
    MD5Init(&sum);
    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        MD5Update(&sum, bytes, (size_t)n);
    close(fd);
    MD5Final(digest, &sum);
    return n < 0 ? -STUB_EIO : 0;
}
