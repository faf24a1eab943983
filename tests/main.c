/* main.c - runs every suite of Check tests. */
#include "tests/runner.h"
#include "tests/suites.h"
#include "tests/suites_hosted.h"

#define SUITE(what) { #what, what##_suite },
const bool tests_small = false;

static const struct named_suite suites[] = {
#include "tests/suites.h"
#define SUITE(what) { #what, what##_suite },
#include "tests/suites_hosted.h"
};

int
main(void)
{
    return run_suites(suites, sizeof(suites) / sizeof(suites[0]));
}
