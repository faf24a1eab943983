/* main_free.c - runs the suites of the freestanding rooms, on machines that are not this one. */
#include "tests/runner.h"
#include "tests/suites.h"

#define SUITE(what) { #what, what##_suite },
const bool tests_small = true;

static const struct named_suite suites[] = {
#include "tests/suites.h"
};

int
main(void)
{
    return run_suites(suites, sizeof(suites) / sizeof(suites[0]));
}
