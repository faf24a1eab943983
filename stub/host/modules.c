/* modules.c - what a file of code is: for which machine, with which build id (elf(5)). */
#define _GNU_SOURCE 1
#include "stub/host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <md5.h>
#include <string.h>
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

/* The bytes that both word sizes have alike: e_ident and e_type, then e_machine. */
const char *
host_machine_of(const char *path)
{
    enum { AT_DATA = 5, BIG = 2, AT_MACHINE = 18, HEAD = 20 };
    uint8_t head[HEAD];
    struct stat st;
    int fd = open_regular(path, &st);
    ssize_t n;

    if (fd < 0)
        return "";
    n = pread(fd, head, sizeof(head), 0);
    close(fd);
    if (n != HEAD || memcmp(head, ELFMAG, SELFMAG) != 0)
        return "";
    if (head[AT_DATA] == BIG)
        return machine_word((uint16_t)(head[AT_MACHINE] << 8 | head[AT_MACHINE + 1]));
    return machine_word((uint16_t)(head[AT_MACHINE + 1] << 8 | head[AT_MACHINE]));
}

/* ---- build ids ---- */

/* The note "GNU" of type NT_GNU_BUILD_ID among those in data. */
static bool
find_note(Elf_Data *data, struct host *host, struct stub_module *module)
{
    size_t at = 0, next, name, bytes;
    GElf_Nhdr note;

    while ((next = gelf_getnote(data, at, &note, &name, &bytes)) > 0) {
        const uint8_t *from = data->d_buf;

        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(from + name, "GNU", 4) == 0 && note.n_descsz > 0 &&
            note.n_descsz <= HOST_BUILD_ID_MAX) {
            memcpy(host->build_id, from + bytes, note.n_descsz);
            module->build_id = host->build_id;
            module->build_id_size = note.n_descsz;
            return true;
        }
        at = next;
    }
    return false;
}

static void
find_build_id(Elf *elf, struct host *host, struct stub_module *module)
{
    GElf_Phdr header;
    size_t count = 0;

    if (elf_getphdrnum(elf, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        Elf_Data *data = NULL;

        if (gelf_getphdr(elf, (int)i, &header) != NULL && header.p_type == PT_NOTE)
            data = elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz,
                                        header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
        if (data != NULL && find_note(data, host, module))
            return;
    }
}

static int
read_module(struct host *host, int fd, struct stub_module *module)
{
    Elf *elf = elf_version(EV_CURRENT) != EV_NONE ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
    GElf_Ehdr header;
    int r = -STUB_ESRCH; /* lldb-server's number for "no module" */

    if (elf != NULL && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) != NULL) {
        module->machine = machine_word(header.e_machine);
        find_build_id(elf, host, module);
        r = 0;
    }
    elf_end(elf);
    return r;
}

int
host_module(void *object, const char *path, const char *machine, struct stub_module *module)
{
    struct stat st;
    int fd = open_regular(path, &st), r;

    *module = (struct stub_module){ .machine = "" };
    if (fd < 0)
        return -STUB_ESRCH;
    r = read_module(object, fd, module);
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
