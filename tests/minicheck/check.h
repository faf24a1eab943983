/* check.h - the part of Check's interface that our unit tests use, in one process and without its
 * library: for machines that have no libcheck here (32-bit, big-endian, under qemu-user). */
#ifndef MINICHECK_H
#define MINICHECK_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct TTest {
    const char *name;
    void (*fn)(int);
} TTest;

typedef struct TCase TCase;
struct TCase {
    const char *name;
    struct {
        const TTest *test;
        int from, to;
    } tests[200];
    int count;
    void (*setup)(void);
    void (*teardown)(void);
    TCase *next;
};
typedef struct Suite Suite;
struct Suite {
    const char *name;
    TCase *cases;
    Suite *next;
};
typedef struct SRunner {
    Suite *suites;
    int run, failed;
} SRunner;

enum fork_status { CK_FORK_GETENV, CK_FORK, CK_NOFORK };
enum print_output { CK_SILENT, CK_MINIMAL, CK_NORMAL, CK_VERBOSE, CK_ENV };

extern jmp_buf minicheck_back;

#define START_TEST(NAME)                                                                          \
    static void NAME##_fn(int _i);                                                                \
    static const TTest NAME##_test = { #NAME, NAME##_fn };                                        \
    static const TTest *const NAME = &NAME##_test;                                                \
    static void NAME##_fn(int _i)                                                                 \
    {                                                                                             \
        (void)_i;
#define END_TEST }

#define ck_abort_msg(...)                                                                         \
    do {                                                                                          \
        printf("%s:%d:F: ", __FILE__, __LINE__);                                                  \
        printf("" __VA_ARGS__);                                                                   \
        printf("\n");                                                                             \
        longjmp(minicheck_back, 1);                                                               \
    } while (0)
#define ck_abort() ck_abort_msg("aborted")
#define ck_assert_msg(E, ...)                                                                     \
    do {                                                                                          \
        if (!(E))                                                                                 \
            ck_abort_msg(__VA_ARGS__);                                                            \
    } while (0)
#define ck_assert(E) ck_assert_msg(E, "%s", #E)
#define MINI_INT(A, OP, B)                                                                        \
    do {                                                                                          \
        intmax_t mini_a = (intmax_t)(A), mini_b = (intmax_t)(B);                                  \
        if (!(mini_a OP mini_b))                                                                  \
            ck_abort_msg("%s %s %s: %jd, %jd", #A, #OP, #B, mini_a, mini_b);                      \
    } while (0)
#define MINI_UINT(A, OP, B)                                                                       \
    do {                                                                                          \
        uintmax_t mini_a = (uintmax_t)(A), mini_b = (uintmax_t)(B);                               \
        if (!(mini_a OP mini_b))                                                                  \
            ck_abort_msg("%s %s %s: %#jx, %#jx", #A, #OP, #B, mini_a, mini_b);                    \
    } while (0)
#define ck_assert_int_eq(A, B)    MINI_INT(A, ==, B)
#define ck_assert_int_ne(A, B)    MINI_INT(A, !=, B)
#define ck_assert_int_lt(A, B)    MINI_INT(A, <, B)
#define ck_assert_int_le(A, B)    MINI_INT(A, <=, B)
#define ck_assert_int_gt(A, B)    MINI_INT(A, >, B)
#define ck_assert_int_ge(A, B)    MINI_INT(A, >=, B)
#define ck_assert_uint_eq(A, B)   MINI_UINT(A, ==, B)
#define ck_assert_uint_ne(A, B)   MINI_UINT(A, !=, B)
#define ck_assert_uint_lt(A, B)   MINI_UINT(A, <, B)
#define ck_assert_uint_le(A, B)   MINI_UINT(A, <=, B)
#define ck_assert_uint_gt(A, B)   MINI_UINT(A, >, B)
#define ck_assert_uint_ge(A, B)   MINI_UINT(A, >=, B)
#define ck_assert_str_eq(A, B)    ck_assert_msg(strcmp(A, B) == 0, "%s == %s: \"%s\"", #A, #B, A)
#define ck_assert_str_ne(A, B)    ck_assert_msg(strcmp(A, B) != 0, "%s != %s: \"%s\"", #A, #B, A)
#define ck_assert_mem_eq(A, B, N) ck_assert_msg(memcmp(A, B, N) == 0, "%s == %s", #A, #B)
#define ck_assert_mem_ne(A, B, N) ck_assert_msg(memcmp(A, B, N) != 0, "%s != %s", #A, #B)
#define ck_assert_ptr_eq(A, B)                                                                    \
    ck_assert_msg((const void *)(A) == (const void *)(B), "%s == %s", #A, #B)
#define ck_assert_ptr_ne(A, B)                                                                    \
    ck_assert_msg((const void *)(A) != (const void *)(B), "%s != %s", #A, #B)
#define ck_assert_ptr_null(A)    ck_assert_msg((A) == NULL, "%s is not NULL", #A)
#define ck_assert_ptr_nonnull(A) ck_assert_msg((A) != NULL, "%s is NULL", #A)

Suite *suite_create(const char *name);
TCase *tcase_create(const char *name);
void suite_add_tcase(Suite *s, TCase *tc);
void tcase_add_loop_test(TCase *tc, const TTest *test, int from, int to);
#define tcase_add_test(TC, TEST) tcase_add_loop_test(TC, TEST, 0, 1)
void tcase_set_timeout(TCase *tc, double seconds);
void tcase_add_checked_fixture(TCase *tc, void (*setup)(void), void (*teardown)(void));
SRunner *srunner_create(Suite *s);
void srunner_add_suite(SRunner *sr, Suite *s);
void srunner_run_all(SRunner *sr, enum print_output mode);
int srunner_ntests_failed(SRunner *sr);
int srunner_ntests_run(SRunner *sr);
void srunner_free(SRunner *sr);
void srunner_set_fork_status(SRunner *sr, enum fork_status status);

#endif
