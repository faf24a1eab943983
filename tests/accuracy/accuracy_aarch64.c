/* accuracy_aarch64.c - how often the walker is right on AArch64: as accuracy.c, on a program that
 * runs in qemu-aarch64 and is stepped over the remote serial protocol.
 *
 *     accuracy_aarch64 [-v] COMM STATIC-PROGRAM STEPS [START]
 *
 * START: an address, in hex, up to which the program runs unwatched; frames that were entered
 * before are not judged then. */
#define _GNU_SOURCE 1
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/unwind/unwind.h"
#include "stub/program/bt_peer.h"
#include "stub/image/image.h"

enum { FP = UNWIND_AARCH64_FP, SP = UNWIND_AARCH64_SP, PC = UNWIND_AARCH64_PC };
enum { DEPTH = 4096, SET = 1 << 18, WORDS = 33 };

static struct bt_peer peer;
static struct arch_memory memory = { peer_read_memory, &peer, 4096, 0 };
static struct images images;
static struct unwind walker;
static uint64_t lines[(16 * (4096 + 64)) / 8], rules[256 * 64 / 8], met[SET];
static bool verbose, started_late;

/* The callers' registers, pushed by calls and popped by returns. */
static struct unwind_registers shadow[DEPTH];
static unsigned depth;

static struct {
    unsigned long steps, pcs, right, stopped, wrong, wrong_full, registers, registers_right;
    unsigned long registers_wrong, by_source[8];
} count;

static bool
is_new(uint64_t pc)
{
    size_t i = (size_t)(pc / 4) % SET;

    while (met[i] != 0 && met[i] != pc)
        i = (i + 1) % SET;
    if (met[i] == pc)
        return false;
    met[i] = pc;
    return true;
}

/* ---- the program ---- */

static bool
get_registers(struct unwind_registers *r)
{
    struct rsp_in in = peer_ask(&peer, "g");
    uint8_t bytes[8 * WORDS];

    if (in.bad || rsp_left(&in) < 2 * sizeof(bytes))
        return false;
    in = rsp_in_from(in.p, 2 * sizeof(bytes)); /* flags follow */
    if (rsp_take_hex_bytes(&in, bytes, sizeof(bytes)) != sizeof(bytes))
        return false;
    r->valid = ((uint64_t)1 << WORDS) - 1;
    for (unsigned i = 0; i < WORDS; i++)
        r->value[i] = arch_get_uint(&arch_aarch64, bytes + 8 * (size_t)i, 8);
    return true;
}

/* Code of the file; what lies elsewhere is read. */
static uint32_t
code_at(uint64_t pc)
{
    uint64_t v = 0;

    for (size_t i = 0; i < images.count; i++)
        for (unsigned j = 0; j < images.image[i].span_count; j++) {
            const struct unwind_span *s = &images.image[i].spans[j];

            if (pc - s->address < s->size)
                return (uint32_t)arch_get_uint(&arch_aarch64, s->bytes + (pc - s->address), 4);
        }
    arch_read_uint(&memory, pc, 4, false, &v);
    return (uint32_t)v;
}

static bool
step(void)
{
    struct rsp_in in = peer_ask(&peer, "vCont;s");

    for (unsigned i = 0; i < PEER_PIECES; i++)
        peer.piece[i].used = false;
    return !in.bad && rsp_peek(&in) == 'T';
}

static bool
is_call(uint32_t insn)
{
    return (insn & 0xfc000000) == 0x94000000 || (insn & 0xfffffc1f) == 0xd63f0000;
}

static void
account(const struct unwind_registers *before, const struct unwind_registers *after, uint32_t insn)
{
    if (is_call(insn)) {
        if (depth == DEPTH)
            errx(2, "the program's stack is too deep");
        shadow[depth] = *before;
        shadow[depth++].value[PC] = before->value[PC] + 4;
    } else if (depth > 0 && after->value[PC] == shadow[depth - 1].value[PC] &&
               after->value[SP] == shadow[depth - 1].value[SP])
        depth--;
}

/* ---- comparing ---- */

static bool
ends_well(void)
{
    enum unwind_reason reason = unwind_end(&walker)->reason;

    return reason == UNWIND_OUTERMOST || reason == UNWIND_MARKED;
}

static void
compare_registers(uint64_t pc, const struct unwind_frame *f, const struct unwind_registers *want)
{
    for (unsigned n = 19; n <= FP; n++) {
        bool known = (f->registers.valid >> n & 1) != 0;
        bool same = f->registers.value[n] == want->value[n];

        count.registers++;
        count.registers_right += known && same;
        count.registers_wrong += known && !same;
        if (verbose && !(known && same))
            printf("x%u at %" PRIx64 ": %s\n", n, pc, known ? "wrong" : "unknown");
    }
}

static void
judge(const struct unwind_registers *r)
{
    const struct unwind_registers *want = depth > 0 ? &shadow[depth - 1] : NULL;
    const struct unwind_frame *f;
    bool right;

    count.pcs++;
    unwind_begin(&walker, r);
    unwind_next(&walker);
    f = unwind_next(&walker);
    if (f != NULL)
        count.by_source[f->source]++;
    right = f == NULL ? want == NULL && ends_well()
                      : want != NULL && f->pc == want->value[PC] &&
                            f->registers.value[SP] == want->value[SP];
    count.right += right;
    count.stopped += !right && f == NULL && !ends_well();
    count.wrong += !right && (f != NULL || ends_well());
    count.wrong_full += !right && f != NULL && f->trust == UNWIND_FULL;
    if (right && f != NULL)
        compare_registers(r->value[PC], f, want);
    if (!right && verbose)
        printf("%s at %" PRIx64 " by %s: %" PRIx64 " %" PRIx64 " want %" PRIx64 " %" PRIx64 "\n",
               unwind_reason_name(unwind_end(&walker)->reason), r->value[PC],
               f != NULL ? unwind_source_name((enum unwind_source)f->source) : "-",
               f != NULL ? f->pc : 0, f != NULL ? f->registers.value[SP] : 0,
               want != NULL ? want->value[PC] : 0, want != NULL ? want->value[SP] : 0);
}

static void
follow(unsigned long most)
{
    struct unwind_registers before, after;

    if (!get_registers(&before))
        errx(2, "no registers");
    for (; count.steps < most; count.steps++) {
        uint32_t insn = code_at(before.value[PC]);

        if ((depth > 0 || !started_late) && is_new(before.value[PC]))
            judge(&before);
        if (!step() || !get_registers(&after))
            return;
        account(&before, &after, insn);
        before = after;
    }
}

static void
run_to(const char *start)
{
    started_late = true;
    (void)peer_ask(&peer, "Z0,%s,4", start);
    (void)peer_ask(&peer, "vCont;c");
    (void)peer_ask(&peer, "z0,%s,4", start);
}

static void
find_program(const char *path, uint64_t base)
{
    struct unwind_module m;
    struct image_mapping mapping = { .inode = 1, .executable = true, .path = path };

    images.memory = &memory;
    if (!unwind_read_module(&memory, base, &m))
        errx(2, "no program at %" PRIx64, base);
    mapping.start = m.start;
    mapping.end = (m.end + 0xfff) & ~(uint64_t)0xfff;
    image_add_mapping(&images, &mapping);
    image_tidy(&images);
}

int
main(int argc, char **argv)
{
    struct unwind_config config = { .size = sizeof(config),
                                    .machine = &unwind_aarch64,
                                    .sources = &unwind_all_sources,
                                    .memory = &memory,
                                    .lines = lines,
                                    .lines_size = sizeof(lines),
                                    .line_bytes = 4096,
                                    .rules = rules,
                                    .rules_size = sizeof(rules) };
    const char *name;

    verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    argv += verbose;
    argc -= verbose;
    if ((argc != 4 && argc != 5) || !peer_open(&peer, argv[1]))
        errx(2, "usage: accuracy_aarch64 [-v] COMM STATIC-PROGRAM STEPS [START]");
    if (argc == 5)
        run_to(argv[4]);
    find_program(argv[2], 0x400000);
    config.modules = images.module;
    config.module_count = images.count;
    unwind_init(&walker, &config);
    follow(strtoul(argv[3], NULL, 10));
    name = strrchr(argv[2], '/');
    printf("%-22s %7lu PCs %7lu right %3lu stopped %3lu wrong %3lu fully %9.4f %% "
           "registers %9.4f %% %3lu wrong steps %8lu",
           name != NULL ? name + 1 : argv[2], count.pcs, count.right, count.stopped, count.wrong,
           count.wrong_full, 100.0 * (double)count.right / (double)(count.pcs ? count.pcs : 1),
           100.0 * (double)count.registers_right / (double)(count.registers ? count.registers : 1),
           count.registers_wrong, count.steps);
    for (unsigned i = 1; i < 8; i++)
        if (count.by_source[i] != 0)
            printf(" %s:%lu", unwind_source_name((enum unwind_source)i), count.by_source[i]);
    printf("\n");
    (void)peer_ask(&peer, "k");
    return 0;
}
