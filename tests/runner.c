/* runner.c - see runner.h. */
#include "tests/runner.h"

#include <stdlib.h>
#include <string.h>

int
run_suites(const struct named_suite *suites, size_t count)
{
    const char *chosen = getenv("CK_RUN_SUITE");
    SRunner *runner = srunner_create(NULL);
    int failed;

    for (size_t i = 0; i < count; i++)
        if (chosen == NULL || strcmp(chosen, suites[i].name) == 0)
            srunner_add_suite(runner, suites[i].make());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
