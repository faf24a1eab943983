/* minicheck.c - see check.h beside it. Nothing is freed: a run is one short process. */
#include "check.h"

jmp_buf minicheck_back;

static void *
make(size_t size)
{
    void *p = calloc(1, size);

    if (p == NULL)
        abort();
    return p;
}

Suite *
suite_create(const char *name)
{
    Suite *s = make(sizeof(*s));

    s->name = name;
    return s;
}

TCase *
tcase_create(const char *name)
{
    TCase *tc = make(sizeof(*tc));

    tc->name = name;
    return tc;
}

void
suite_add_tcase(Suite *s, TCase *tc)
{
    tc->next = s->cases;
    s->cases = tc;
}

void
tcase_add_loop_test(TCase *tc, const TTest *test, int from, int to)
{
    if (tc->count == (int)(sizeof(tc->tests) / sizeof(tc->tests[0])))
        abort();
    tc->tests[tc->count].test = test;
    tc->tests[tc->count].from = from;
    tc->tests[tc->count].to = to;
    tc->count++;
}

void
tcase_set_timeout(TCase *tc, double seconds)
{
    (void)tc;
    (void)seconds;
}

void
tcase_add_checked_fixture(TCase *tc, void (*setup)(void), void (*teardown)(void))
{
    tc->setup = setup;
    tc->teardown = teardown;
}

SRunner *
srunner_create(Suite *s)
{
    SRunner *sr = make(sizeof(*sr));

    sr->suites = s;
    return sr;
}

void
srunner_add_suite(SRunner *sr, Suite *s)
{
    s->next = sr->suites;
    sr->suites = s;
}

static void
run_one(SRunner *sr, const TCase *tc, const TTest *test, int i)
{
    sr->run++;
    if (tc->setup != NULL)
        tc->setup();
    if (setjmp(minicheck_back) == 0) {
        test->fn(i);
    } else {
        sr->failed++;
        printf("    in %s, %s\n", tc->name, test->name);
    }
    if (tc->teardown != NULL)
        tc->teardown();
}

void
srunner_run_all(SRunner *sr, enum print_output mode)
{
    (void)mode;
    for (Suite *s = sr->suites; s != NULL; s = s->next)
        for (TCase *tc = s->cases; tc != NULL; tc = tc->next)
            for (int t = 0; t < tc->count; t++)
                for (int i = tc->tests[t].from; i < tc->tests[t].to; i++)
                    run_one(sr, tc, tc->tests[t].test, i);
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n",
           sr->run == 0 ? 0 : 100 * (sr->run - sr->failed) / sr->run, sr->run, sr->failed);
}

int
srunner_ntests_failed(SRunner *sr)
{
    return sr->failed;
}

int
srunner_ntests_run(SRunner *sr)
{
    return sr->run;
}

void
srunner_free(SRunner *sr)
{
    (void)sr;
}

void
srunner_set_fork_status(SRunner *sr, enum fork_status status)
{
    (void)sr;
    (void)status;
}
