/* runner.h - runs suites of Check tests. */
#ifndef STUBBORN_TESTS_RUNNER_H
#define STUBBORN_TESTS_RUNNER_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Runs them all; returns the exit status. Check's own variables choose among them (CK_RUN_SUITE,
 * CK_RUN_CASE) and say how (CK_FORK=no for a debugger, CK_VERBOSITY). */
int run_suites(Suite *(*const *suites)(void), size_t count);

/* The library under test is made of firmware's files (rsp/small/). */
extern const bool tests_small;

#endif
