/* aarch64.c - the registers of AArch64: gdb's features, names and types ("Standard Target
 * Features", AArch64 Features), and the numbers of "DWARF for the Arm 64-bit Architecture". */
#include "arch/arch.h"

/* Pieces of strings are no expression to lay out. */
/* clang-format off */
#define BITS(name, first, last) "<field name=\"" name "\" start=\"" #first "\" end=\"" #last "\"/>"
#define BIT(name, at) BITS(name, at, at)
#define VECTOR(id, type, count) "<vector id=\"" id "\" type=\"" type "\" count=\"" count "\"/>"
#define FIELD(name, type) "<field name=\"" name "\" type=\"" type "\"/>"

/* PSTATE as the SPSR holds it: Arm ARM, SPSR_EL1. */
static const char core_types[] =
    "<flags id=\"cpsr_flags\" size=\"4\">"
    BIT("SP", 0) BITS("EL", 2, 3) BIT("nRW", 4) BIT("F", 6) BIT("I", 7) BIT("A", 8) BIT("D", 9)
    BITS("BTYPE", 10, 11) BIT("SSBS", 12) BIT("IL", 20) BIT("SS", 21) BIT("PAN", 22) BIT("UAO", 23)
    BIT("DIT", 24) BIT("TCO", 25) BIT("V", 28) BIT("C", 29) BIT("Z", 30) BIT("N", 31)
    "</flags>";

static const char fpu_types[] =
    VECTOR("v2d", "ieee_double", "2") VECTOR("v2u", "uint64", "2") VECTOR("v2i", "int64", "2")
    VECTOR("v4f", "ieee_single", "4") VECTOR("v4u", "uint32", "4") VECTOR("v4i", "int32", "4")
    VECTOR("v8f", "ieee_half", "8") VECTOR("v8u", "uint16", "8") VECTOR("v8i", "int16", "8")
    VECTOR("v16u", "uint8", "16") VECTOR("v16i", "int8", "16")
    VECTOR("v1u", "uint128", "1") VECTOR("v1i", "int128", "1")
    "<union id=\"vnd\">" FIELD("f", "v2d") FIELD("u", "v2u") FIELD("s", "v2i") "</union>"
    "<union id=\"vns\">" FIELD("f", "v4f") FIELD("u", "v4u") FIELD("s", "v4i") "</union>"
    "<union id=\"vnh\">" FIELD("f", "v8f") FIELD("u", "v8u") FIELD("s", "v8i") "</union>"
    "<union id=\"vnb\">" FIELD("u", "v16u") FIELD("s", "v16i") "</union>"
    "<union id=\"vnq\">" FIELD("u", "v1u") FIELD("s", "v1i") "</union>"
    "<union id=\"aarch64v\">"
    FIELD("d", "vnd") FIELD("s", "vns") FIELD("h", "vnh") FIELD("b", "vnb") FIELD("q", "vnq")
    "</union>"
    "<flags id=\"fpsr_flags\" size=\"4\">"
    BIT("IOC", 0) BIT("DZC", 1) BIT("OFC", 2) BIT("UFC", 3) BIT("IXC", 4) BIT("IDC", 7)
    BIT("QC", 27) BIT("V", 28) BIT("C", 29) BIT("Z", 30) BIT("N", 31)
    "</flags>"
    "<flags id=\"fpcr_flags\" size=\"4\">"
    BIT("FIZ", 0) BIT("AH", 1) BIT("NEP", 2) BIT("IOE", 8) BIT("DZE", 9) BIT("OFE", 10)
    BIT("UFE", 11) BIT("IXE", 12) BIT("IDE", 15) BIT("FZ16", 19) BITS("RMode", 22, 23)
    BIT("FZ", 24) BIT("DN", 25) BIT("AHP", 26)
    "</flags>";
/* clang-format on */

/* name, first, count, bits, type, group, role, dwarf, alt, xml */
static const struct arch_row core[] = {
    { "x#", 0, 8, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1, 0, NULL, NULL },
    { "x#", 8, 21, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 8, NULL, NULL },
    { "x#", 29, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_FP, 29, "fp", NULL },
    { "x#", 30, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_RA, 30, "lr", NULL },
    { "sp", 0, 1, 64, ARCH_DATA_PTR, ARCH_GENERAL, ARCH_SP, 31, NULL, "data_ptr" },
    { "pc", 0, 1, 64, ARCH_CODE_PTR, ARCH_GENERAL, ARCH_PC, 32, NULL, "code_ptr" },
    { "cpsr", 0, 1, 32, ARCH_FLAGS, ARCH_GENERAL, ARCH_STATUS, -1, "flags", "cpsr_flags" },
};

static const struct arch_row fpu[] = {
    { "v#", 0, 32, 128, ARCH_VECTOR, ARCH_VECTORS, ARCH_NONE, 64, NULL, "aarch64v" },
    { "fpsr", 0, 1, 32, ARCH_FLAGS, ARCH_FLOATING, ARCH_NONE, -1, NULL, "fpsr_flags" },
    { "fpcr", 0, 1, 32, ARCH_FLAGS, ARCH_FLOATING, ARCH_NONE, -1, NULL, "fpcr_flags" },
};

static const struct arch_row tls[] = {
    { "tpidr", 0, 1, 64, ARCH_DATA_PTR, ARCH_SYSTEM, ARCH_TP, 36, NULL, "data_ptr" },
};

static const struct arch_row pauth[] = {
    { "pauth_dmask", 0, 1, 64, ARCH_INT, ARCH_SYSTEM, ARCH_NONE, -1, NULL, NULL },
    { "pauth_cmask", 0, 1, 64, ARCH_INT, ARCH_SYSTEM, ARCH_NONE, -1, NULL, NULL },
};

#define ROWS(rows) rows, sizeof(rows) / sizeof(rows[0])

static const struct arch_feature features[] = {
    { "org.gnu.gdb.aarch64.core", core_types, ROWS(core), 0 },
    { "org.gnu.gdb.aarch64.fpu", fpu_types, ROWS(fpu), 1 },
    { "org.gnu.gdb.aarch64.tls", NULL, ROWS(tls), 2 },
    { "org.gnu.gdb.aarch64.pauth", NULL, ROWS(pauth), 3 },
};

/* brk #0, a little-endian instruction word on either endianness; the PC stays on it. */
const struct arch arch_aarch64 = {
    .name = "aarch64",
    .triple = "aarch64",
    .features = features,
    .feature_count = sizeof(features) / sizeof(features[0]),
    .address_bytes = 8,
    .big_endian = false,
    .breakpoint_size = 4,
    .breakpoint = { 0x00, 0x00, 0x20, 0xd4 },
    .breakpoint_pc = 0,
    .plain = ARCH_AARCH64_FPU,
};
