/* test_dump.c - ELF cores made by hand: what they hold, and what lies in them. */
#define _GNU_SOURCE 1
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stub/dump/dump.h"
#include "tests/suites_hosted.h"

#define DATA ((uint64_t)0x7f0000000000)
enum { MOST = 1 << 16, HEADERS = 64, DATA_SIZE = 4096 + 512 };

/* A core under construction: headers first, then notes, then memory. */
struct core {
    uint8_t bytes[MOST];
    Elf64_Phdr header[HEADERS];
    unsigned headers;
    size_t n, notes; /* notes: where they begin */
};

static struct core c;

static void
put(const void *bytes, size_t n)
{
    ck_assert_uint_le(n, sizeof(c.bytes) - c.n);
    memcpy(c.bytes + c.n, bytes, n);
    c.n += n;
}

static void
begin(unsigned machine)
{
    Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
                     .e_type = ET_CORE,
                     .e_machine = (uint16_t)machine,
                     .e_phoff = sizeof(e),
                     .e_phentsize = sizeof(Elf64_Phdr) };

    memset(&c, 0, sizeof(c));
    put(&e, sizeof(e));
    c.notes = c.n = sizeof(e) + HEADERS * sizeof(Elf64_Phdr);
}

static void
note(uint32_t type, const void *bytes, size_t n)
{
    Elf64_Nhdr h = { 5, (uint32_t)n, type };

    put(&h, sizeof(h));
    put("CORE\0\0\0", 8);
    put(bytes, n);
    c.n = (c.n + 3) / 4 * 4;
}

/* A thread whose general registers are base, base + 1, ... */
static void
thread(uint32_t tid, unsigned registers, uint64_t base)
{
    uint8_t status[112 + 34 * 8 + 8] = { 0 };

    status[12] = 11;
    memcpy(status + 32, &tid, 4);
    for (unsigned i = 0; i < registers; i++, base++)
        memcpy(status + 112 + 8 * i, &base, 8);
    note(NT_PRSTATUS, status, 112 + 8 * registers + 8);
}

static void
add_header(uint32_t type, uint64_t at, uint64_t file_size, uint64_t address, uint64_t size)
{
    ck_assert_uint_lt(c.headers, HEADERS);
    c.header[c.headers++] = (Elf64_Phdr){ .p_type = type,
                                          .p_flags = PF_R | PF_W,
                                          .p_offset = at,
                                          .p_filesz = file_size,
                                          .p_vaddr = address,
                                          .p_memsz = size };
}

static void
end_notes(void)
{
    add_header(PT_NOTE, c.notes, c.n - c.notes, 0, 0);
}

/* A page of 1s and half a page of 2s; the rest of two pages is left out. */
static void
memory(void)
{
    static uint8_t bytes[DATA_SIZE];

    memset(bytes, 1, 4096);
    memset(bytes + 4096, 2, sizeof(bytes) - 4096);
    add_header(PT_LOAD, c.n, sizeof(bytes), DATA, 2 * 4096);
    put(bytes, sizeof(bytes));
}

static void
end(void)
{
    Elf64_Ehdr e;

    memcpy(&e, c.bytes, sizeof(e));
    e.e_phnum = (uint16_t)c.headers;
    memcpy(c.bytes, &e, sizeof(e));
    memcpy(c.bytes + sizeof(e), c.header, sizeof(c.header));
}

/* The first n bytes as a file, opened. */
static struct dump *
open_core(size_t n, const char **why)
{
    int fd = memfd_create("core", MFD_CLOEXEC);
    char path[64];
    struct dump *d;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, c.bytes, n), (ssize_t)n);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    d = dump_open(path, NULL, why);
    close(fd);
    return d;
}

static void
x86_64_core(void)
{
    uint64_t auxv[4] = { AT_ENTRY, 0x1234, AT_NULL, 0 };

    begin(EM_X86_64);
    thread(100, 27, 0x1000);
    note(NT_AUXV, auxv, sizeof(auxv));
    thread(101, 27, 0x2000);
    end_notes();
    memory();
    end();
}

/* ---- using one as its callers do, with an end to everything ---- */

static unsigned
count_threads(struct dump *d)
{
    struct rsp_id id = { 0, 0 };
    unsigned n = 0;

    while (dump_target.next_thread(d, &id) > 0) {
        ck_assert_uint_lt(n++, 1000);
        ck_assert_int_gt(id.tid, 0);
    }
    ck_assert_uint_eq(n, dump_thread_count(d));
    return n;
}

static unsigned
count_regions(struct dump *d)
{
    struct stub_region r;
    uint64_t at = 0;
    unsigned n = 0;

    do {
        ck_assert_uint_lt(n++, 1000);
        dump_target.region(d, at, &r);
        ck_assert(r.size == 0 || at - r.start < r.size);
        at = r.start + r.size;
    } while (r.size != 0 && at != 0);
    return n;
}

static void
use(struct dump *d)
{
    struct arch_register r = { 0 };
    uint8_t value[ARCH_SIZE_MAX];
    uint8_t bytes[256];
    struct rsp_id id = { 0, 0 };
    uint64_t entry;
    size_t got;

    count_threads(d);
    count_regions(d);
    dump_target.next_thread(d, &id);
    while (arch_next(dump_layout(d), &r))
        dump_target.get_register(d, id, &r, value);
    for (uint64_t at = DATA - 128; at < DATA + 3 * 4096; at += 512)
        dump_read_memory(d, at, bytes, sizeof(bytes), &got);
    dump_read_memory(d, UINT64_MAX - 100, bytes, 100, &got);
    dump_auxv(d, AT_ENTRY, &entry);
    dump_exe(d);
}

/* ---- what is in it ---- */

START_TEST(core_has_its_threads_registers_and_memory)
{
    static uint8_t bytes[3 * 4096];
    const char *why;
    struct dump *d;
    struct arch_register r = { 0 };
    uint64_t v = 0, entry = 0;
    size_t got;

    x86_64_core();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    ck_assert_uint_eq(count_threads(d), 2);
    ck_assert_int_eq(dump_pid(d), 100);
    ck_assert(arch_register_named(dump_layout(d), "rip", 3, &r));
    ck_assert_int_eq(dump_target.get_register(d, (struct rsp_id){ 100, 101 }, &r, &v), 0);
    ck_assert_uint_eq(v, 0x2000 + 16);
    ck_assert(dump_auxv(d, AT_ENTRY, &entry));
    ck_assert_uint_eq(entry, 0x1234);
    ck_assert(dump_read_memory(d, DATA + 4000, bytes, 200, &got));
    ck_assert_uint_eq(got, 200);
    ck_assert_uint_eq(bytes[95], 1);
    ck_assert_uint_eq(bytes[96], 2);
    ck_assert(!dump_read_memory(d, DATA, bytes, sizeof(bytes), &got));
    ck_assert_uint_eq(got, DATA_SIZE); /* what was left out is a hole */
    ck_assert(!dump_read_memory(d, DATA - 1, bytes, 10, &got));
    ck_assert_uint_eq(got, 0);
    dump_close(d);
}
END_TEST

START_TEST(arm_core_has_its_pac_mask)
{
    uint64_t masks[2] = { 0x7f000000000000, 0xff000000000000 };
    const char *why;
    struct dump *d;
    struct arch_register r = { 0 };
    uint64_t v = 0;

    begin(EM_AARCH64);
    thread(7, 34, 500);
    note(0x406, masks, sizeof(masks));
    end_notes();
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    ck_assert_uint_eq(dump_pac_mask(d), masks[1]);
    ck_assert(arch_register_role(dump_layout(d), ARCH_PC, &r));
    ck_assert_int_eq(dump_target.get_register(d, (struct rsp_id){ 7, 7 }, &r, &v), 0);
    ck_assert_uint_eq(v, 500 + 32);
    dump_close(d);
}
END_TEST

/* ---- AVX-512 ---- */

/* Areas as CPUs and kernels write them: where opmask, the upper halves of zmm0..15 and zmm16..31
 * lie. By the size alone, or as a note of Linux 6.12 says. */
static const struct wide {
    uint32_t size, opmask, upper, high;
    bool told, there;
} wide[] = {
    { 2696, 1088, 1152, 1664, false, true }, /* Intel, with MPX, keys for memory */
    { 2432, 832, 896, 1408, false, true },   /* AMD, without the keys that follow */
    { 2440, 832, 896, 1408, false, true },   /* AMD with them */
    { 3000, 900, 1000, 1900, true, true },   /* nobody's: only the note knows */
    { 2696, 1088, 1152, 1664, false, false } /* not switched on: XCR0 says so */
};

static void
put_area(const struct wide *k)
{
    static uint8_t area[4096];
    uint64_t components = k->there ? 0xe7 : 7;
    uint32_t layout[][4] = { { 5, 64, k->opmask, 0 },
                             { 6, 512, k->upper, 0 },
                             { 7, 1024, k->high, 0 } };

    memset(area, 0, sizeof(area));
    memcpy(area + 464, &components, 8); /* XCR0, in the FXSAVE image's spare bytes */
    memcpy(area + 512, &components, 8); /* XSTATE_BV: all of it is in use */
    for (unsigned i = 0; i < 8; i++)
        memset(area + k->opmask + 8 * i, 0x10 + (int)i, 8);
    for (unsigned i = 0; i < 16; i++) {
        memset(area + k->upper + 32 * i, 0x20 + (int)i, 32);
        memset(area + k->high + 64 * i, 0x30 + (int)i, 16);      /* xmm */
        memset(area + k->high + 64 * i + 16, 0x40 + (int)i, 16); /* ymmh */
        memset(area + k->high + 64 * i + 32, 0x50 + (int)i, 32); /* zmmh */
    }
    note(NT_X86_XSTATE, area, k->size);
    if (k->told)
        note(0x205, layout, sizeof(layout));
}

START_TEST(core_has_the_registers_of_avx_512)
{
    static const struct {
        const char *name;
        unsigned size;
        uint8_t byte;
    } rows[] = { { "k0", 8, 0x10 },      { "k3", 8, 0x13 },      { "k7", 8, 0x17 },
                 { "zmm0h", 32, 0x20 },  { "zmm15h", 32, 0x2f }, { "xmm16", 16, 0x30 },
                 { "xmm31", 16, 0x3f },  { "ymm20h", 16, 0x44 }, { "ymm31h", 16, 0x4f },
                 { "zmm16h", 32, 0x50 }, { "zmm31h", 32, 0x5f } };
    const char *why;
    struct dump *d;

    begin(EM_X86_64);
    thread(100, 27, 0x1000);
    put_area(&wide[_i]);
    end_notes();
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t value[ARCH_SIZE_MAX], wanted[ARCH_SIZE_MAX];
        struct arch_register r = { 0 };

        ck_assert_int_eq(
            arch_register_named(dump_layout(d), rows[i].name, strlen(rows[i].name), &r),
            wide[_i].there);
        if (!wide[_i].there)
            continue;
        ck_assert_uint_eq(r.size, rows[i].size);
        ck_assert_int_eq(dump_target.get_register(d, (struct rsp_id){ 100, 100 }, &r, value), 0);
        memset(wanted, rows[i].byte, sizeof(wanted));
        ck_assert_mem_eq(value, wanted, r.size);
    }
    dump_close(d);
}
END_TEST

/* Cut short, what is not there is not told: no byte comes from behind the area. */
START_TEST(area_that_is_cut_has_no_more_registers_than_it_has_bytes)
{
    struct wide k = wide[0];
    const char *why;
    struct dump *d;

    for (k.size = 0; k.size <= 2696; k.size += 8) {
        begin(EM_X86_64);
        thread(100, 27, 0x1000);
        put_area(&k);
        end_notes();
        end();
        d = open_core(c.n, &why);
        ck_assert_ptr_ne(d, NULL);
        use(d);
        ck_assert_int_eq((dump_layout(d)->features & ARCH_X86_64_AVX512) != 0,
                         k.size >= 2688 || k.size == 2432 || k.size == 2440);
        dump_close(d);
    }
}
END_TEST

/* ---- what lies ---- */

START_TEST(what_is_no_core_is_refused_with_a_reason)
{
    const char *why = NULL;

    x86_64_core();
    c.bytes[_i == 0   ? 0
            : _i == 1 ? 4
            : _i == 2 ? 16
                      : 18] ^= 0x55; /* magic, class, type, machine */
    ck_assert_ptr_eq(open_core(c.n, &why), NULL);
    ck_assert_ptr_ne(why, NULL);
    ck_assert_ptr_eq(dump_open("/", NULL, &why), NULL);
    ck_assert_ptr_eq(dump_open("/no/such/core", NULL, &why), NULL);
}
END_TEST

START_TEST(core_may_be_cut_anywhere)
{
    const char *why;

    x86_64_core();
    for (size_t n = 0; n < c.n; n += n < 5000 ? 1 : 97) {
        struct dump *d = open_core(n, &why);

        if (d == NULL)
            continue;
        ck_assert_uint_le(dump_thread_count(d), 2);
        use(d);
        dump_close(d);
    }
}
END_TEST

START_TEST(any_byte_may_be_wrong)
{
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    const char *why;
    size_t size = c.notes + 1200;

    x86_64_core();
    for (size_t at = (size_t)_i; at < size; at += 16) {
        uint8_t was = c.bytes[at];

        for (size_t i = 0; i < sizeof(values); i++) {
            struct dump *d;

            c.bytes[at] = values[i];
            d = open_core(c.n, &why);
            if (d == NULL)
                continue;
            use(d);
            dump_close(d);
        }
        c.bytes[at] = was;
    }
}
END_TEST

START_TEST(threads_of_one_number_get_numbers_of_their_own)
{
    const char *why;
    struct dump *d;

    begin(EM_X86_64);
    thread(5, 27, 0);
    thread(0, 27, 0);
    thread(5, 27, 0);
    thread(UINT32_MAX, 27, 0);
    thread(0, 27, 0);
    end_notes();
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    ck_assert_uint_eq(count_threads(d), 5);
    ck_assert_int_eq(dump_thread_at(d, 0)->tid, 5);
    dump_close(d);
}
END_TEST

START_TEST(notes_that_many_headers_name_cost_no_more_than_the_file)
{
    const char *why;
    struct dump *d;

    begin(EM_X86_64);
    thread(5, 27, 0);
    while (c.headers < HEADERS)
        end_notes();
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    ck_assert_uint_le(count_threads(d), c.n / (c.n - c.notes)); /* of 64 */
    dump_close(d);
}
END_TEST

START_TEST(segments_that_overlap_or_wrap_are_survived)
{
    const char *why;
    struct dump *d;
    uint8_t b[64];
    size_t got;

    begin(EM_X86_64);
    thread(5, 27, 0);
    end_notes();
    add_header(PT_LOAD, 0, 64, 0x1000, 0x10000);
    add_header(PT_LOAD, 0, 64, 0x2000, 0x100);
    add_header(PT_LOAD, 0, 64, 0x2080, 0x100);
    add_header(PT_LOAD, 0, UINT64_MAX, UINT64_MAX - 0x100, UINT64_MAX);
    add_header(PT_LOAD, UINT64_MAX, UINT64_MAX, 0x40000, UINT64_MAX);
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    ck_assert_uint_lt(count_regions(d), 20);
    ck_assert(dump_read_memory(d, 0x2080, b, 64, &got));
    ck_assert_int_eq(memcmp(b, "\177ELF", 4), 0);
    ck_assert(dump_read_memory(d, UINT64_MAX - 0x100, b, 64, &got));
    use(d);
    dump_close(d);
}
END_TEST

/* ---- files in place of memory ---- */

static void
names(const char *path, uint64_t count)
{
    struct {
        uint64_t count, page, start, end, offset;
        char path[200];
    } file = { count, 4096, DATA, DATA + 2 * 4096, 0, "" };

    snprintf(file.path, sizeof(file.path), "%s", path);
    note(NT_FILE, &file, 40 + strlen(path) + 1);
}

START_TEST(memory_that_was_left_out_comes_from_its_file)
{
    static uint8_t bytes[2 * 4096];
    char path[64];
    const char *why;
    struct dump *d;
    size_t got = 0;
    int fd = memfd_create("mapped", 0);

    memset(bytes, 1, 4096);
    memset(bytes + 4096, 9, 4096);
    bytes[4095] = _i == 0 ? 1 : 3; /* the file is another one now */
    ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    begin(EM_X86_64);
    thread(100, 27, 0x1000);
    names(path, 1);
    end_notes();
    memory();
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    dump_read_memory(d, DATA + DATA_SIZE, bytes, 16, &got);
    ck_assert_uint_eq(got, _i == 0 ? 16 : 0);
    ck_assert(_i == 1 || bytes[15] == 9);
    dump_close(d);
    close(fd);
}
END_TEST

START_TEST(list_of_files_may_promise_too_much)
{
    static const uint64_t counts[] = { 0, 2, 1 << 20, UINT64_MAX, UINT64_MAX / 24 + 2 };
    const char *why;
    struct dump *d;

    begin(EM_X86_64);
    thread(100, 27, 0x1000);
    names("/dev/zero", counts[_i]);
    end_notes();
    memory();
    end();
    d = open_core(c.n, &why);
    ck_assert_ptr_ne(d, NULL);
    ck_assert_uint_le(dump_file_count(d), 1);
    use(d);
    dump_close(d);
}
END_TEST

Suite *
dump_suite(void)
{
    Suite *s = suite_create("dump");
    TCase *tc = tcase_create("core");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, core_has_its_threads_registers_and_memory);
    tcase_add_test(tc, arm_core_has_its_pac_mask);
    tcase_add_loop_test(tc, core_has_the_registers_of_avx_512, 0,
                        (int)(sizeof(wide) / sizeof(wide[0])));
    tcase_add_test(tc, area_that_is_cut_has_no_more_registers_than_it_has_bytes);
    tcase_add_loop_test(tc, what_is_no_core_is_refused_with_a_reason, 0, 4);
    tcase_add_test(tc, core_may_be_cut_anywhere);
    tcase_add_loop_test(tc, any_byte_may_be_wrong, 0, 16);
    tcase_add_test(tc, threads_of_one_number_get_numbers_of_their_own);
    tcase_add_test(tc, notes_that_many_headers_name_cost_no_more_than_the_file);
    tcase_add_test(tc, segments_that_overlap_or_wrap_are_survived);
    tcase_add_loop_test(tc, memory_that_was_left_out_comes_from_its_file, 0, 2);
    tcase_add_loop_test(tc, list_of_files_may_promise_too_much, 0, 5);
    suite_add_tcase(s, tc);
    return s;
}
