/* main.c - runs the Check suites that tests/suites.h lists. Check's own variables choose among
 * them (CK_RUN_SUITE, CK_RUN_CASE) and say how (CK_FORK=no for a debugger, CK_VERBOSITY). */
#include <stdlib.h>

#include "tests/suites.h"

#define SUITE(what) what##_suite,
static Suite *(*const suites[])(void) = {
#include "tests/suites.h"
};

int
main(void)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        srunner_add_suite(runner, suites[i]());
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
