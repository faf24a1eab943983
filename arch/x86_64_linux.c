/* x86_64_linux.c - where Linux keeps the registers of x86-64: NT_PRSTATUS (user_regs_struct),
 * NT_PRFPREG (an FXSAVE image) and NT_X86_XSTATE (an XSAVE area: Intel SDM, volume 1, chapter
 * 13). */
#include "arch/arch.h"

enum { X87, SSE, AVX, OPMASK = 5, ZMM_HI256, HI16_ZMM, PKRU = 9 };

/* Initializers, no blocks. */
/* clang-format off */
#define GENERAL(word, width) { ARCH_SET_GENERAL, 0, (word) * 8, 0, width, ARCH_AS_IS, 0 }
/* A run whose registers stand in falling order. */
#define GENERAL_DOWN(word) { ARCH_SET_GENERAL, 0, (word) * 8, -8, 8, ARCH_AS_IS, 0 }
#define XSTATE(component, offset, stride, width) \
    { ARCH_SET_XSTATE, component, offset, stride, width, ARCH_AS_IS, 0 }
/* clang-format on */

static const struct arch_place core[] = {
    GENERAL(10, 8),                                          /* rax */
    GENERAL(5, 8),                                           /* rbx */
    GENERAL(11, 8),                                          /* rcx */
    GENERAL(12, 8),                                          /* rdx */
    GENERAL(13, 8),                                          /* rsi */
    GENERAL(14, 8),                                          /* rdi */
    GENERAL(4, 8),                                           /* rbp */
    GENERAL(19, 8),                                          /* rsp */
    GENERAL_DOWN(9),                                         /* r8, r9 */
    GENERAL_DOWN(7),                                         /* r10, r11 */
    GENERAL_DOWN(3),                                         /* r12 to r15 */
    GENERAL(16, 8),                                          /* rip */
    GENERAL(18, 4),                                          /* eflags */
    GENERAL(17, 4),                                          /* cs */
    GENERAL(20, 4),                                          /* ss */
    GENERAL(23, 4),                                          /* ds */
    GENERAL(24, 4),                                          /* es */
    GENERAL(25, 4),                                          /* fs */
    GENERAL(26, 4),                                          /* gs */
    XSTATE(X87, 32, 16, 10),                                 /* st0 to st7 */
    { ARCH_SET_XSTATE, X87, 0, 0, 2, ARCH_AS_IS, 0x37f },    /* fctrl */
    XSTATE(X87, 2, 0, 2),                                    /* fstat */
    { ARCH_SET_XSTATE, X87, 4, 0, 1, ARCH_X87_TAG, 0xffff }, /* ftag */
    XSTATE(X87, 12, 0, 2),                                   /* fiseg */
    XSTATE(X87, 8, 0, 4),                                    /* fioff */
    XSTATE(X87, 20, 0, 2),                                   /* foseg */
    XSTATE(X87, 16, 0, 4),                                   /* fooff */
    XSTATE(X87, 6, 0, 2),                                    /* fop */
};

static const struct arch_place sse[] = {
    XSTATE(SSE, 160, 16, 16),                               /* xmm0 to xmm15 */
    { ARCH_SET_XSTATE, SSE, 24, 0, 4, ARCH_MXCSR, 0x1f80 }, /* mxcsr */
};

static const struct arch_place linux_places[] = {
    GENERAL(15, 8), /* orig_rax */
};

static const struct arch_place segments[] = {
    GENERAL(21, 8), /* fs_base */
    GENERAL(22, 8), /* gs_base */
};

static const struct arch_place avx[] = {
    XSTATE(AVX, 0, 16, 16), /* ymm0h to ymm15h */
};

static const struct arch_place avx512[] = {
    XSTATE(HI16_ZMM, 0, 64, 16),  /* xmm16 to xmm31 */
    XSTATE(HI16_ZMM, 16, 64, 16), /* ymm16h to ymm31h */
    XSTATE(OPMASK, 0, 8, 8),      /* k0 to k7 */
    XSTATE(ZMM_HI256, 0, 32, 32), /* zmm0h to zmm15h */
    XSTATE(HI16_ZMM, 32, 64, 32), /* zmm16h to zmm31h */
};

static const struct arch_place pkeys[] = {
    XSTATE(PKRU, 0, 0, 4), /* pkru */
};

static const struct arch_place *const features[] = { core, sse,    linux_places, segments,
                                                     avx,  avx512, pkeys };

const struct arch_places arch_x86_64_linux = { features, true };
