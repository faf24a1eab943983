/* test_xml.c - target.xml: whole, in windows, for a machine that a user brought, and in agreement
 * with the rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/xml.h"
#include "tests/suites.h"

enum { ROOM = 64 * 1024 };

static const struct arch_layout x86_64 = { &arch_x86_64, ARCH_X86_64_LINUX | ARCH_X86_64_SEGMENTS |
                                                             ARCH_X86_64_AVX | ARCH_X86_64_AVX512 |
                                                             ARCH_X86_64_PKEYS };
static const struct arch_layout aarch64 = { &arch_aarch64, ARCH_AARCH64_FPU | ARCH_AARCH64_TLS |
                                                               ARCH_AARCH64_PAUTH };

/* The window [offset, offset + length) into text: 'm' or 'l' and the bytes, and a NUL. */
static size_t
describe_to(bool lldb, const struct arch_layout *layout, uint64_t offset, uint64_t length,
            char *text)
{
    struct rsp_out out = rsp_out_to((uint8_t *)text, ROOM - 1);
    struct rsp_window w = rsp_window_open(&out, offset, length);

    if (lldb)
        stub_put_lldb_xml(layout, &w);
    else
        stub_put_target_xml(layout, &w, true);
    rsp_window_close(&w);
    ck_assert(!out.cut);
    text[out.len] = '\0';
    return out.len;
}

static size_t
describe(const struct arch_layout *layout, uint64_t offset, uint64_t length, char *text)
{
    return describe_to(false, layout, offset, length, text);
}

/* The whole description, the caller's to free. */
static char *
describe_all_to(bool lldb, const struct arch_layout *layout)
{
    char *text = malloc(ROOM);

    ck_assert_ptr_nonnull(text);
    describe_to(lldb, layout, 0, ROOM, text);
    ck_assert_int_eq(text[0], 'l');
    memmove(text, text + 1, strlen(text));
    return text;
}

static char *
describe_all(const struct arch_layout *layout)
{
    return describe_all_to(false, layout);
}

/* The element of register `name`, from its '<' to its '>', copied into out. */
static void
element_of(const char *text, const char *name, char *out, size_t cap)
{
    char start[64];
    const char *at;
    size_t len;

    snprintf(start, sizeof(start), "<reg name=\"%s\"", name);
    at = strstr(text, start);
    ck_assert_msg(at != NULL, "%s", name);
    len = (size_t)(strchr(at, '>') - at) + 1;
    ck_assert_uint_lt(len, cap);
    memcpy(out, at, len);
    out[len] = '\0';
}

static void
expect_element(const char *text, const char *name, const char *want)
{
    char element[512];

    element_of(text, name, element, sizeof(element));
    ck_assert_str_eq(element, want);
}

START_TEST(gdb_finds_what_it_reads_and_no_more)
{
    char *text = describe_all(&x86_64);

    expect_element(text, "rip", "<reg name=\"rip\" bitsize=\"64\" type=\"code_ptr\"/>");
    expect_element(text, "rdi", "<reg name=\"rdi\" bitsize=\"64\" type=\"int64\"/>");
    expect_element(text, "eflags", "<reg name=\"eflags\" bitsize=\"32\" type=\"i386_eflags\"/>");
    expect_element(text, "st0",
                   "<reg name=\"st0\" bitsize=\"80\" type=\"i387_ext\" group=\"float\"/>");
    expect_element(text, "fctrl", "<reg name=\"fctrl\" bitsize=\"32\" group=\"float\"/>");
    expect_element(text, "ymm15h",
                   "<reg name=\"ymm15h\" bitsize=\"128\" type=\"uint128\" group=\"vector\"/>");
    expect_element(text, "k7",
                   "<reg name=\"k7\" bitsize=\"64\" type=\"uint64\" group=\"vector\"/>");
    free(text);
    text = describe_all(&aarch64);
    expect_element(text, "x30", "<reg name=\"x30\" bitsize=\"64\"/>");
    expect_element(text, "v31",
                   "<reg name=\"v31\" bitsize=\"128\" type=\"aarch64v\" group=\"vector\"/>");
    free(text);
}
END_TEST

START_TEST(lldb_finds_its_words)
{
    char *text = describe_all_to(true, &x86_64);

    expect_element(
        text, "rip",
        "<reg name=\"rip\" bitsize=\"64\" type=\"code_ptr\" regnum=\"16\" "
        "offset=\"128\" group=\"General Purpose Registers\" encoding=\"uint\" format=\"hex\" "
        "altname=\"pc\" ehframe_regnum=\"16\" dwarf_regnum=\"16\" generic=\"pc\"/>");
    expect_element(
        text, "rdi",
        "<reg name=\"rdi\" bitsize=\"64\" type=\"int64\" regnum=\"5\" offset=\"40\" "
        "group=\"General Purpose Registers\" encoding=\"uint\" format=\"hex\" altname=\"arg1\" "
        "ehframe_regnum=\"5\" dwarf_regnum=\"5\" generic=\"arg1\"/>");
    expect_element(
        text, "eflags",
        "<reg name=\"eflags\" bitsize=\"32\" type=\"i386_eflags\" regnum=\"17\" "
        "offset=\"136\" group=\"General Purpose Registers\" encoding=\"uint\" format=\"hex\" "
        "altname=\"rflags\" ehframe_regnum=\"49\" dwarf_regnum=\"49\" "
        "generic=\"flags\"/>");
    expect_element(text, "st0",
                   "<reg name=\"st0\" bitsize=\"80\" type=\"i387_ext\" regnum=\"24\" "
                   "offset=\"164\" group=\"Floating Point Registers\" encoding=\"vector\" "
                   "format=\"vector-uint8\" "
                   "ehframe_regnum=\"33\" dwarf_regnum=\"33\"/>");
    expect_element(text, "fctrl",
                   "<reg name=\"fctrl\" bitsize=\"32\" type=\"int\" regnum=\"32\" offset=\"244\" "
                   "group=\"Floating Point Registers\" encoding=\"uint\" format=\"hex\" "
                   "ehframe_regnum=\"65\" "
                   "dwarf_regnum=\"65\"/>");
    expect_element(text, "ymm15h",
                   "<reg name=\"ymm15h\" bitsize=\"128\" type=\"uint128\" regnum=\"75\" "
                   "offset=\"800\" group=\"Advanced Vector Extensions\" encoding=\"vector\" "
                   "format=\"vector-uint8\"/>");
    expect_element(
        text, "k7",
        "<reg name=\"k7\" bitsize=\"64\" type=\"uint64\" regnum=\"115\" "
        "offset=\"1384\" group=\"Advanced Vector Extensions\" encoding=\"uint\" format=\"hex\" "
        "ehframe_regnum=\"125\" dwarf_regnum=\"125\"/>");
    free(text);
    text = describe_all_to(true, &aarch64);
    expect_element(
        text, "x30",
        "<reg name=\"x30\" bitsize=\"64\" type=\"int\" regnum=\"30\" offset=\"240\" "
        "group=\"General Purpose Registers\" encoding=\"uint\" format=\"hex\" altname=\"lr\" "
        "ehframe_regnum=\"30\" dwarf_regnum=\"30\" generic=\"ra\"/>");
    expect_element(text, "v31",
                   "<reg name=\"v31\" bitsize=\"128\" type=\"aarch64v\" regnum=\"65\" "
                   "offset=\"764\" group=\"Floating Point Registers\" encoding=\"vector\" "
                   "format=\"vector-uint8\" "
                   "ehframe_regnum=\"95\" dwarf_regnum=\"95\"/>");
    free(text);
}
END_TEST

static unsigned
count_of(const char *text, const char *what)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

START_TEST(registers_stand_in_the_order_of_their_numbers)
{
    const struct arch_layout *layout = _i == 0 ? &x86_64 : &aarch64;
    char *text = describe_all_to(true, layout);
    const char *at = text;
    struct arch_register r = { 0 };

    while (arch_next(layout, &r)) {
        char name[ARCH_NAME_MAX];
        char start[64];
        char place[64];

        arch_name_of(&r, name);
        snprintf(start, sizeof(start), "<reg name=\"%s\" bitsize=\"%u\" type=\"", name,
                 (unsigned)r.row->bits);
        snprintf(place, sizeof(place), "\" regnum=\"%u\" offset=\"%u\"", (unsigned)r.number,
                 (unsigned)r.offset);
        at = strstr(at, "<reg ");
        ck_assert_ptr_nonnull(at);
        ck_assert_msg(strncmp(at, start, strlen(start)) == 0, "%s", name);
        at = strstr(at + strlen(start), "\" regnum");
        ck_assert_msg(strncmp(at, place, strlen(place)) == 0, "%s", name);
    }
    free(text);
    text = describe_all(layout);
    ck_assert_uint_eq(count_of(text, "<reg "), arch_register_count(layout));
    free(text);
}
END_TEST

START_TEST(types_are_defined_before_their_use)
{
    const struct arch_layout *layout = _i == 0 ? &x86_64 : &aarch64;
    char *text = describe_all(layout);
    struct arch_register r = { 0 };

    while (arch_next(layout, &r)) {
        char id[64];
        const char *types = layout->arch->features[r.feature].types;

        if (r.row->type != ARCH_FLAGS && r.row->type != ARCH_VECTOR)
            continue;
        ck_assert_ptr_nonnull(r.row->xml);
        snprintf(id, sizeof(id), " id=\"%s\"", r.row->xml);
        ck_assert_msg(types != NULL && strstr(types, id) != NULL, "%s", r.row->xml);
        ck_assert_ptr_nonnull(strstr(text, id));
    }
    free(text);
}
END_TEST

/* Every element that is opened is closed, innermost first; attributes' quotes are in pairs. */
static void
expect_well_formed(const char *text)
{
    char open[16][16];
    unsigned depth = 0;

    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        size_t len = strcspn(at + 1, " >/");

        ck_assert_ptr_nonnull(end);
        ck_assert_uint_lt(len, sizeof(open[0]));
        if (at[1] == '?' || at[1] == '!' || end[-1] == '/')
            continue;
        if (at[1] == '/') {
            ck_assert_uint_gt(depth, 0);
            depth--;
            len = strcspn(at + 2, ">");
            ck_assert_uint_eq(len, strlen(open[depth]));
            ck_assert(strncmp(at + 2, open[depth], len) == 0);
        } else {
            ck_assert_uint_lt(depth, 16);
            memcpy(open[depth], at + 1, len);
            open[depth++][len] = '\0';
        }
    }
    ck_assert_uint_eq(depth, 0);
    ck_assert_uint_eq(count_of(text, "\"") % 2, 0);
}

START_TEST(elements_are_balanced)
{
    static const struct arch_layout bare = { &arch_x86_64, 0 };
    const struct arch_layout *const all[] = { &x86_64, &aarch64, &bare };

    for (int i = 0; i < 6; i++) {
        char *text = describe_all_to(i >= 3, all[i % 3]);

        expect_well_formed(text);
        free(text);
    }
}
END_TEST

/* Clients read in pieces of their own choice; the pieces make up the whole. */
START_TEST(windows_make_up_the_whole)
{
    static const uint64_t lengths[] = { 1, 7, 100, 4095, ROOM };
    char *text = describe_all(&aarch64);
    char *piece = malloc(ROOM);
    size_t size = strlen(text);

    ck_assert_ptr_nonnull(piece);
    for (int i = 0; i < 5; i++) {
        /* byte by byte only where something happens: at both ends */
        size_t skip = lengths[i] == 1 ? size - 300 : 0;

        for (uint64_t at = skip; at < size; at += lengths[i]) {
            size_t n = describe(&aarch64, at, lengths[i], piece) - 1;

            ck_assert_uint_eq(n, lengths[i] < size - at ? lengths[i] : size - at);
            ck_assert(memcmp(piece + 1, text + at, n) == 0);
            ck_assert_int_eq(piece[0], at + n < size ? 'm' : 'l');
        }
    }
    ck_assert_uint_eq(describe(&aarch64, size, 100, piece), 1);
    ck_assert_int_eq(piece[0], 'l');
    ck_assert_uint_eq(describe(&aarch64, UINT64_MAX, 100, piece), 1);
    ck_assert_int_eq(piece[0], 'l');
    free(piece);
    free(text);
}
END_TEST

START_TEST(osabi_is_said_of_linux_only)
{
    static const struct arch_layout bare = { &arch_x86_64, 0 };
    static const struct arch_layout arm = { &arch_aarch64, ARCH_LINUX };
    char *text = describe_all(&x86_64);

    ck_assert_uint_eq(count_of(text, "<osabi>GNU/Linux</osabi>"), 1);
    free(text);
    text = describe_all(&bare);
    ck_assert_uint_eq(count_of(text, "osabi"), 0);
    free(text);
    text = describe_all(&arm);
    ck_assert_uint_eq(count_of(text, "<osabi>GNU/Linux</osabi>"), 1);
    free(text);
}
END_TEST

/* The short form of a serial line, of that layout. */
static void
expect_short(const struct arch_layout *layout, const char *want)
{
    uint8_t text[200];
    struct rsp_out out = rsp_out_to(text, sizeof(text));
    struct rsp_window w = rsp_window_open(&out, 0, sizeof(text));

    stub_put_architecture(layout, &w);
    rsp_window_close(&w);
    ck_assert_uint_eq(out.len, strlen(want));
    ck_assert_mem_eq(text, want, out.len);
}

START_TEST(short_form_names_machine_and_system)
{
    static const struct arch_layout board = { &arch_aarch64, 0 };
    static const struct arch_layout process = { &arch_aarch64, ARCH_LINUX };

    expect_short(&board,
                 "l<target><architecture>aarch64</architecture><osabi>none</osabi></target>");
    expect_short(&process, "l<target><architecture>aarch64</architecture><osabi>GNU/Linux</osabi>"
                           "</target>");
}
END_TEST

START_TEST(types_may_be_left_unexplained)
{
    char *text = malloc(ROOM), *whole = describe_all(&aarch64);
    struct rsp_out out = rsp_out_to((uint8_t *)text, ROOM - 1);
    struct rsp_window w = rsp_window_open(&out, 0, ROOM);

    stub_put_target_xml(&aarch64, &w, false);
    rsp_window_close(&w);
    text[out.len] = '\0';
    ck_assert_uint_gt(count_of(whole, "<flags"), 0);
    ck_assert_uint_eq(count_of(text, "<flags"), 0);
    ck_assert_uint_eq(count_of(text, "<union"), 0);
    ck_assert_uint_eq(count_of(text, "<vector"), 0);
    ck_assert_uint_eq(count_of(text, "<reg "), count_of(whole, "<reg "));
    ck_assert_uint_eq(count_of(text, "type=\"aarch64v\""), 32); /* lldb knows that name */
    free(whole);
    free(text);
}
END_TEST

START_TEST(users_machine_is_described)
{
    static const struct arch_row rows[] = {
        { "r#", 0, 2, 16, ARCH_UINT, ARCH_GENERAL, ARCH_ARG1, 0, NULL, "uint16" },
        { "acc", 0, 1, 24, ARCH_UINT, ARCH_SYSTEM, ARCH_NONE, -1, "a<b", NULL },
        { "f", 0, 1, 64, ARCH_FLOAT, ARCH_FLOATING, ARCH_NONE, -1, NULL, "ieee_double" },
        { "pc", 0, 1, 32, ARCH_CODE_PTR, ARCH_GENERAL, ARCH_PC, 3, NULL, "code_ptr" },
    };
    static const struct arch_feature feature = { "org.example.core", NULL, rows, 4, 0 };
    static const struct arch machine = { .name = "m68k",
                                         .triple = "m68k",
                                         .features = &feature,
                                         .feature_count = 1,
                                         .address_bytes = 4,
                                         .big_endian = true };
    const struct arch_layout layout = { &machine, 0 };
    char *text = describe_all(&layout);

    ck_assert_str_eq(text, "<target><architecture>m68k</architecture>"
                           "<feature name=\"org.example.core\">"
                           "<reg name=\"r0\" bitsize=\"16\" type=\"uint16\"/>"
                           "<reg name=\"r1\" bitsize=\"16\" type=\"uint16\"/>"
                           "<reg name=\"acc\" bitsize=\"24\" group=\"system\"/>"
                           "<reg name=\"f\" bitsize=\"64\" type=\"ieee_double\" group=\"float\"/>"
                           "<reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
                           "</feature></target>");
    free(text);
    text = describe_all_to(true, &layout);
    expect_element(text, "acc",
                   "<reg name=\"acc\" bitsize=\"24\" type=\"int\" regnum=\"2\" offset=\"4\" "
                   "group=\"System Registers\" encoding=\"uint\" format=\"hex\" "
                   "altname=\"a&lt;b\"/>");
    free(text);
}
END_TEST

START_TEST(lldb_gets_its_own_words_and_parts)
{
    struct rsp_out out;
    struct rsp_window w;
    char *text = malloc(ROOM), element[512];

    ck_assert_ptr_nonnull(text);
    out = rsp_out_to((uint8_t *)text, ROOM - 1);
    w = rsp_window_open(&out, 0, ROOM);
    stub_put_lldb_xml(&x86_64, &w);
    rsp_window_close(&w);
    text[out.len] = '\0';
    ck_assert_ptr_nonnull(strstr(text, "<architecture>x86_64</architecture>"));
    element_of(text, "rax", element, sizeof(element));
    ck_assert_ptr_nonnull(strstr(element, "group=\"General Purpose Registers\""));
    element_of(text, "ah", element, sizeof(element));
    ck_assert_ptr_nonnull(strstr(element, "bitsize=\"8\""));
    ck_assert_ptr_nonnull(strstr(element, " offset=\"1\""));
    ck_assert_ptr_nonnull(strstr(element, "value_regnums=\"0\""));
    element_of(text, "r15w", element, sizeof(element));
    ck_assert_ptr_nonnull(strstr(element, " offset=\"120\""));
    ck_assert_ptr_nonnull(strstr(element, "value_regnums=\"15\""));
    element_of(text, "ymm1", element, sizeof(element));
    ck_assert_ptr_nonnull(strstr(element, "bitsize=\"256\""));
    ck_assert_ptr_nonnull(strstr(element, "value_regnums=\"41,61\""));
    ck_assert_ptr_null(strstr(element, "dwarf_regnum"));
    free(text);
}
END_TEST

Suite *
xml_suite(void)
{
    Suite *s = suite_create("xml");
    TCase *tc = tcase_create("target.xml");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, gdb_finds_what_it_reads_and_no_more);
    tcase_add_test(tc, lldb_finds_its_words);
    tcase_add_loop_test(tc, registers_stand_in_the_order_of_their_numbers, 0, 2);
    tcase_add_loop_test(tc, types_are_defined_before_their_use, 0, 2);
    tcase_add_test(tc, elements_are_balanced);
    tcase_add_test(tc, windows_make_up_the_whole);
    tcase_add_test(tc, osabi_is_said_of_linux_only);
    tcase_add_test(tc, short_form_names_machine_and_system);
    tcase_add_test(tc, types_may_be_left_unexplained);
    tcase_add_test(tc, users_machine_is_described);
    tcase_add_test(tc, lldb_gets_its_own_words_and_parts);
    suite_add_tcase(s, tc);
    return s;
}
