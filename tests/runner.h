/* runner.h - runs suites of Check tests. */
#ifndef STUBBORN_TESTS_RUNNER_H
#define STUBBORN_TESTS_RUNNER_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

struct named_suite {
    const char *name; /* the suite's own */
    Suite *(*make)(void);
};

/* Runs them all; returns the exit status. Check's own variables choose among them (CK_RUN_SUITE,
 * CK_RUN_CASE) and say how (CK_FORK=no for a debugger, CK_VERBOSITY). Only a chosen suite is made:
 * making one may look at the machine, and say what cannot be tested there. */
int run_suites(const struct named_suite *suites, size_t count);

/* The library under test is made of firmware's files (rsp/small/). */
extern const bool tests_small;

#endif
