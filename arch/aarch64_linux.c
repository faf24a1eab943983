/* aarch64_linux.c - where Linux keeps the registers of AArch64: NT_PRSTATUS (user_pt_regs),
 * NT_FPREGSET (user_fpsimd_state), NT_ARM_TLS and NT_ARM_PAC_MASK (user_pac_mask). */
#include "arch/arch.h"

/* An initializer, no block. */
/* clang-format off */
#define PLACE(set, offset, stride, width) { set, 0, offset, stride, width, ARCH_AS_IS, 0 }
/* clang-format on */

static const struct arch_place core[] = {
    PLACE(ARCH_SET_GENERAL, 0, 8, 8),      /* x0 to x7 */
    PLACE(ARCH_SET_GENERAL, 8 * 8, 8, 8),  /* x8 to x28 */
    PLACE(ARCH_SET_GENERAL, 29 * 8, 0, 8), /* x29 */
    PLACE(ARCH_SET_GENERAL, 30 * 8, 0, 8), /* x30 */
    PLACE(ARCH_SET_GENERAL, 31 * 8, 0, 8), /* sp */
    PLACE(ARCH_SET_GENERAL, 32 * 8, 0, 8), /* pc */
    PLACE(ARCH_SET_GENERAL, 33 * 8, 0, 4), /* cpsr: the low half of pstate */
};

static const struct arch_place fpu[] = {
    PLACE(ARCH_SET_FP, 0, 16, 16), /* v0 to v31 */
    PLACE(ARCH_SET_FP, 512, 0, 4), /* fpsr */
    PLACE(ARCH_SET_FP, 516, 0, 4), /* fpcr */
};

static const struct arch_place tls[] = {
    PLACE(ARCH_SET_TLS, 0, 0, 8), /* tpidr */
};

static const struct arch_place pauth[] = {
    PLACE(ARCH_SET_PAUTH, 0, 0, 8), /* pauth_dmask */
    PLACE(ARCH_SET_PAUTH, 8, 0, 8), /* pauth_cmask */
};

static const struct arch_place *const features[] = { core, fpu, tls, pauth };

const struct arch_places arch_aarch64_linux = { features, false };
