/* test_build_id.c - the build-id of ELF files of both word sizes and byte orders, whole, cut short
 * and spoiled. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "tests/suites.h"

enum { FILE_SIZE = 320, NOTES_AT = 192, ID_SIZE = 20 };
#define COUNT(rows) (int)(sizeof(rows) / sizeof(rows[0]))

/* The word size, the byte order, and what is wrong, if anything. */
static const struct kind {
    bool wide, big;
    unsigned align;
    const char *name;
    uint32_t type, id_size;
    bool found;
} kinds[] = {
    { true, false, 4, "GNU", 3, ID_SIZE, true },  { true, true, 4, "GNU", 3, ID_SIZE, true },
    { false, false, 4, "GNU", 3, ID_SIZE, true }, { false, true, 4, "GNU", 3, ID_SIZE, true },
    { true, false, 8, "GNU", 3, ID_SIZE, true },  { true, false, 4, "XYZ", 3, ID_SIZE, false },
    { true, false, 4, "GNU", 1, ID_SIZE, false }, { true, false, 4, "GNU", 3, 0, false },
    { true, false, 4, "GNU", 3, 65, false },      { true, false, 4, "GNU", 3, 0xfffffff0, false },
    { true, false, 4, "GNU", 3, 1, true },        { true, false, 4, "GNU", 3, 64, true },
};

static void
put(uint8_t *file, size_t at, uint64_t v, unsigned size, bool big)
{
    for (unsigned i = 0; i < size; i++)
        file[at + i] = (uint8_t)(v >> 8 * (big ? size - 1 - i : i));
}

/* Two program headers, the second of them for notes: one of 5 bytes by somebody else, and k's. */
static void
make(uint8_t file[FILE_SIZE], const struct kind *k)
{
    size_t header = k->wide ? 64 + 56 : 52 + 32;
    unsigned word = k->wide ? 8 : 4;
    size_t second = k->align == 8 ? 24 : 20;

    memset(file, 0, FILE_SIZE);
    memcpy(file, "\177ELF", 4);
    file[4] = k->wide ? 2 : 1;
    file[5] = k->big ? 2 : 1;
    put(file, k->wide ? 32 : 28, k->wide ? 64 : 52, word, k->big);
    put(file, k->wide ? 54 : 42, k->wide ? 56 : 32, 2, k->big);
    put(file, k->wide ? 56 : 44, 2, 2, k->big);
    put(file, header, 4, 4, k->big);
    put(file, header + (k->wide ? 8 : 4), NOTES_AT, word, k->big);
    put(file, header + (k->wide ? 32 : 16), FILE_SIZE - NOTES_AT, word, k->big);
    put(file, header + (k->wide ? 48 : 28), k->align, word, k->big);
    put(file, NOTES_AT, 2, 4, k->big);
    put(file, NOTES_AT + 4, 2, 4, k->big);
    put(file, NOTES_AT + 8, 3, 4, k->big);
    memcpy(file + NOTES_AT + 12, "A", 2);
    put(file, NOTES_AT + second, 4, 4, k->big);
    put(file, NOTES_AT + second + 4, k->id_size, 4, k->big);
    put(file, NOTES_AT + second + 8, k->type, 4, k->big);
    memcpy(file + NOTES_AT + second + 12, k->name, 4);
    memset(file + NOTES_AT + second + 16, 0xab, 64);
}

/* 65535 headers that are all the same one, of notes that say nothing, in 16 MB: looked at once
 * each, that is a minute and more. */
START_TEST(a_file_that_claims_very_much_is_not_read_for_long)
{
    enum { MUCH = 16 << 20 };
    const struct kind k = { true, false, 4, "GNU", 3, ID_SIZE, true };
    uint8_t *file = calloc(1, MUCH);
    size_t size;

    ck_assert_ptr_nonnull(file);
    make(file, &k);
    memset(file + NOTES_AT, 0, FILE_SIZE - NOTES_AT);
    put(file, 32, 64 + 56, 8, false);
    put(file, 54, 0, 2, false);
    put(file, 56, 0xffff, 2, false);
    put(file, 64 + 56 + 32, MUCH - NOTES_AT, 8, false);
    ck_assert_ptr_null(arch_build_id(file, MUCH, &size));
    ck_assert_uint_eq(size, 0);
    free(file);
}
END_TEST

START_TEST(build_id_is_found_in_every_kind_of_file)
{
    const struct kind *k = &kinds[_i];
    uint8_t file[FILE_SIZE];
    const uint8_t *id;
    size_t size;

    make(file, k);
    id = arch_build_id(file, sizeof(file), &size);
    ck_assert_int_eq(id != NULL, k->found);
    ck_assert_uint_eq(size, k->found ? k->id_size : 0);
    if (id != NULL)
        ck_assert_ptr_eq(id, file + NOTES_AT + (k->align == 8 ? 24 : 20) + 16);
}
END_TEST

/* Each length in a block of its own, so that a read behind it is seen. */
START_TEST(build_id_that_is_cut_off_is_none)
{
    uint8_t whole[FILE_SIZE];
    size_t end = NOTES_AT + 20 + 16 + ID_SIZE;

    make(whole, &kinds[_i]);
    for (size_t n = 1; n <= FILE_SIZE; n++) {
        uint8_t *file = malloc(n);
        size_t size;

        ck_assert_ptr_ne(file, NULL);
        memcpy(file, whole, n);
        ck_assert_int_eq(arch_build_id(file, n, &size) != NULL, n >= end);
        free(file);
    }
}
END_TEST

START_TEST(spoiled_headers_and_notes_give_nothing_outside_the_file)
{
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    uint8_t *file = malloc(FILE_SIZE);
    size_t size;

    ck_assert_ptr_ne(file, NULL);
    for (size_t at = 4; at < FILE_SIZE; at++)
        for (size_t i = 0; i < sizeof(values); i++) {
            const uint8_t *id;

            make(file, &kinds[_i]);
            memset(file + at, values[i], FILE_SIZE - at < 8 ? FILE_SIZE - at : 8);
            id = arch_build_id(file, FILE_SIZE, &size);
            ck_assert(id == NULL || (id > file && size <= (size_t)(file + FILE_SIZE - id)));
            ck_assert_int_eq(id != NULL, size > 0);
        }
    free(file);
}
END_TEST

Suite *
build_id_suite(void)
{
    Suite *s = suite_create("build_id");
    TCase *tc = tcase_create("build_id");

    tcase_add_loop_test(tc, build_id_is_found_in_every_kind_of_file, 0, COUNT(kinds));
    tcase_add_test(tc, a_file_that_claims_very_much_is_not_read_for_long);
    tcase_add_loop_test(tc, build_id_that_is_cut_off_is_none, 0, 4);
    tcase_add_loop_test(tc, spoiled_headers_and_notes_give_nothing_outside_the_file, 0, 5);
    suite_add_tcase(s, tc);
    return s;
}
