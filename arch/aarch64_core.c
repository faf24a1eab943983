/* aarch64_core.c - AArch64 with its general registers only, in as few bytes as gdb takes them: for
 * firmware. aarch64.c has them all, with what lldb likes to know. */
#include "arch/arch.h"

/* name, first, count, bits, type, group, role, dwarf, alt, xml */
static const struct arch_row core[] = {
    { "x#", 0, 31, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 0, NULL, NULL },
    { "sp", 0, 1, 64, ARCH_DATA_PTR, ARCH_GENERAL, ARCH_SP, 31, NULL, "data_ptr" },
    { "pc", 0, 1, 64, ARCH_CODE_PTR, ARCH_GENERAL, ARCH_PC, 32, NULL, "code_ptr" },
    { "cpsr", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, -1, NULL, NULL },
};

static const struct arch_feature features[] = {
    { "org.gnu.gdb.aarch64.core", NULL, core, sizeof(core) / sizeof(core[0]), 0 },
};

const struct arch arch_aarch64_core = {
    .name = "aarch64",
    .triple = "aarch64",
    .features = features,
    .feature_count = 1,
    .address_bytes = 8,
    .breakpoint_size = 4,
    .breakpoint = { 0x00, 0x00, 0x20, 0xd4 },
};
