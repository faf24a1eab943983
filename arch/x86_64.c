/* x86_64.c - the registers of x86-64: gdb's features, names and types ("Standard Target
 * Features", i386 Features), and the DWARF numbers of the System V psABI, figure 3.36. */
#include "arch/arch.h"

/* Pieces of strings are no expression to lay out. */
/* clang-format off */
#define BIT(name, at) \
    "<field name=\"" name "\" start=\"" #at "\" end=\"" #at "\" type=\"bool\"/>"
#define VECTOR(id, type, count) "<vector id=\"" id "\" type=\"" type "\" count=\"" count "\"/>"
#define FIELD(name, type) "<field name=\"" name "\" type=\"" type "\"/>"

/* Bit 1, which is always set, has an empty name in gdb's own description. */
static const char core_types[] =
    "<flags id=\"i386_eflags\" size=\"4\">"
    BIT("CF", 0) BIT("", 1) BIT("PF", 2) BIT("AF", 4) BIT("ZF", 6) BIT("SF", 7) BIT("TF", 8)
    BIT("IF", 9) BIT("DF", 10) BIT("OF", 11) BIT("NT", 14) BIT("RF", 16) BIT("VM", 17)
    BIT("AC", 18) BIT("VIF", 19) BIT("VIP", 20) BIT("ID", 21)
    "</flags>";

#define VEC128 \
    VECTOR("v8bf16", "bfloat16", "8") VECTOR("v8h", "ieee_half", "8") \
    VECTOR("v4f", "ieee_single", "4") VECTOR("v2d", "ieee_double", "2") \
    VECTOR("v16i8", "int8", "16") VECTOR("v8i16", "int16", "8") \
    VECTOR("v4i32", "int32", "4") VECTOR("v2i64", "int64", "2") \
    "<union id=\"vec128\">" \
    FIELD("v8_bfloat16", "v8bf16") FIELD("v8_half", "v8h") FIELD("v4_float", "v4f") \
    FIELD("v2_double", "v2d") FIELD("v16_int8", "v16i8") FIELD("v8_int16", "v8i16") \
    FIELD("v4_int32", "v4i32") FIELD("v2_int64", "v2i64") FIELD("uint128", "uint128") \
    "</union>"

static const char sse_types[] =
    VEC128
    "<flags id=\"i386_mxcsr\" size=\"4\">"
    BIT("IE", 0) BIT("DE", 1) BIT("ZE", 2) BIT("OE", 3) BIT("UE", 4) BIT("PE", 5) BIT("DAZ", 6)
    BIT("IM", 7) BIT("DM", 8) BIT("ZM", 9) BIT("OM", 10) BIT("UM", 11) BIT("PM", 12) BIT("FZ", 15)
    "</flags>";

static const char avx512_types[] = VEC128 VECTOR("v2ui128", "uint128", "2");
/* clang-format on */

/* name, first, count, bits, type, group, role, dwarf, alt, xml */
static const struct arch_row core[] = {
    { "rax", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 0, NULL, "int64" },
    { "rbx", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 3, NULL, "int64" },
    { "rcx", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1 + 3, 2, NULL, "int64" },
    { "rdx", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1 + 2, 1, NULL, "int64" },
    { "rsi", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1 + 1, 4, NULL, "int64" },
    { "rdi", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1, 5, NULL, "int64" },
    { "rbp", 0, 1, 64, ARCH_DATA_PTR, ARCH_GENERAL, ARCH_FP, 6, "fp", "data_ptr" },
    { "rsp", 0, 1, 64, ARCH_DATA_PTR, ARCH_GENERAL, ARCH_SP, 7, "sp", "data_ptr" },
    { "r#", 8, 2, 64, ARCH_INT, ARCH_GENERAL, ARCH_ARG1 + 4, 8, NULL, "int64" },
    { "r#", 10, 2, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 10, NULL, "int64" },
    { "r#", 12, 4, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 12, NULL, "int64" },
    { "rip", 0, 1, 64, ARCH_CODE_PTR, ARCH_GENERAL, ARCH_PC, 16, "pc", "code_ptr" },
    { "eflags", 0, 1, 32, ARCH_FLAGS, ARCH_GENERAL, ARCH_STATUS, 49, "rflags", "i386_eflags" },
    { "cs", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 51, NULL, "int32" },
    { "ss", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 52, NULL, "int32" },
    { "ds", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 53, NULL, "int32" },
    { "es", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 50, NULL, "int32" },
    { "fs", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 54, NULL, "int32" },
    { "gs", 0, 1, 32, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 55, NULL, "int32" },
    { "st#", 0, 8, 80, ARCH_X87, ARCH_FLOATING, ARCH_NONE, 33, NULL, "i387_ext" },
    { "fctrl", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, 65, NULL, NULL },
    { "fstat", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, 66, NULL, NULL },
    { "ftag", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, NULL },
    { "fiseg", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, NULL },
    { "fioff", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, NULL },
    { "foseg", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, NULL },
    { "fooff", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, NULL },
    { "fop", 0, 1, 32, ARCH_INT, ARCH_FLOATING, ARCH_NONE, -1, NULL, NULL },
};

static const struct arch_row sse[] = {
    { "xmm#", 0, 16, 128, ARCH_VECTOR, ARCH_VECTORS, ARCH_NONE, 17, NULL, "vec128" },
    { "mxcsr", 0, 1, 32, ARCH_FLAGS, ARCH_VECTORS, ARCH_NONE, 64, NULL, "i386_mxcsr" },
};

static const struct arch_row linux_rows[] = {
    { "orig_rax", 0, 1, 64, ARCH_INT, ARCH_SYSTEM, ARCH_NONE, -1, NULL, NULL },
};

static const struct arch_row segments[] = {
    { "fs_base", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_TP, 58, NULL, NULL },
    { "gs_base", 0, 1, 64, ARCH_INT, ARCH_GENERAL, ARCH_NONE, 59, NULL, NULL },
};

static const struct arch_row avx[] = {
    { "ymm#h", 0, 16, 128, ARCH_UINT, ARCH_VECTORS, ARCH_NONE, -1, NULL, "uint128" },
};

static const struct arch_row avx512[] = {
    { "xmm#", 16, 16, 128, ARCH_VECTOR, ARCH_VECTORS, ARCH_NONE, 67, NULL, "vec128" },
    { "ymm#h", 16, 16, 128, ARCH_UINT, ARCH_VECTORS, ARCH_NONE, -1, NULL, "uint128" },
    { "k#", 0, 8, 64, ARCH_UINT, ARCH_VECTORS, ARCH_NONE, 118, NULL, "uint64" },
    { "zmm#h", 0, 16, 256, ARCH_VECTOR, ARCH_VECTORS, ARCH_NONE, -1, NULL, "v2ui128" },
    { "zmm#h", 16, 16, 256, ARCH_VECTOR, ARCH_VECTORS, ARCH_NONE, -1, NULL, "v2ui128" },
};

static const struct arch_row pkeys[] = {
    { "pkru", 0, 1, 32, ARCH_UINT, ARCH_SYSTEM, ARCH_NONE, -1, NULL, "uint32" },
};

#define ROWS(rows) rows, sizeof(rows) / sizeof(rows[0])

static const struct arch_feature features[] = {
    { "org.gnu.gdb.i386.core", core_types, ROWS(core), 0 },
    { "org.gnu.gdb.i386.sse", sse_types, ROWS(sse), 0 },
    { "org.gnu.gdb.i386.linux", NULL, ROWS(linux_rows), 1 },
    { "org.gnu.gdb.i386.segments", NULL, ROWS(segments), 2 },
    { "org.gnu.gdb.i386.avx", NULL, ROWS(avx), 3 },
    { "org.gnu.gdb.i386.avx512", avx512_types, ROWS(avx512), 4 },
    { "org.gnu.gdb.i386.pkeys", NULL, ROWS(pkeys), 5 },
};

/* The older halves, quarters and bytes, in lldb's names. */
#define GENERAL(whole, dword, word, low)                                                          \
    { dword, 0, 1, { whole, NULL }, 0, 4 }, { word, 0, 1, { whole, NULL }, 0, 2 },                \
    {                                                                                             \
        low, 0, 1, { whole, NULL }, 0, 1                                                          \
    }
#define HIGH(whole, high)                                                                         \
    {                                                                                             \
        high, 0, 1, { whole, NULL }, 1, 1                                                         \
    }

static const struct arch_part parts[] = {
    GENERAL("rax", "eax", "ax", "al"),
    GENERAL("rbx", "ebx", "bx", "bl"),
    GENERAL("rcx", "ecx", "cx", "cl"),
    GENERAL("rdx", "edx", "dx", "dl"),
    GENERAL("rdi", "edi", "di", "dil"),
    GENERAL("rsi", "esi", "si", "sil"),
    GENERAL("rbp", "ebp", "bp", "bpl"),
    GENERAL("rsp", "esp", "sp", "spl"),
    HIGH("rax", "ah"),
    HIGH("rbx", "bh"),
    HIGH("rcx", "ch"),
    HIGH("rdx", "dh"),
    { "r#d", 8, 8, { "r#", NULL }, 0, 4 },
    { "r#w", 8, 8, { "r#", NULL }, 0, 2 },
    { "r#l", 8, 8, { "r#", NULL }, 0, 1 },
    { "mm#", 0, 8, { "st#", NULL }, 0, 8 },
    { "ymm#", 0, 16, { "xmm#", "ymm#h" }, 0, 32 },
};

const struct arch arch_x86_64 = {
    .name = "i386:x86-64",
    .triple = "x86_64",
    .features = features,
    .feature_count = sizeof(features) / sizeof(features[0]),
    .address_bytes = 8,
    .big_endian = false,
    .breakpoint_size = 1,
    .breakpoint = { 0xcc },
    .breakpoint_pc = 1,
    .plain = ARCH_X86_64_LINUX | ARCH_X86_64_SEGMENTS,
    .parts = parts,
    .part_count = sizeof(parts) / sizeof(parts[0]),
    .vectors = "Advanced Vector Extensions",
};

uint32_t
arch_x86_64_features(const struct arch_xsave *xsave)
{
    uint32_t there = 0;

    if (xsave->size[2] != 0)
        there |= ARCH_X86_64_AVX;
    if (there != 0 && xsave->size[5] != 0 && xsave->size[6] != 0 && xsave->size[7] != 0)
        there |= ARCH_X86_64_AVX512;
    if (xsave->size[9] != 0)
        there |= ARCH_X86_64_PKEYS;
    return there;
}
