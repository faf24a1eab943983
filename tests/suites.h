/* suites.h - every suite of Check tests, one line each: SUITE(what) for `Suite
 * *what_suite(void)`, which stands in tests/<layer>/test_<what>.c. Included as it is, this
 * declares them; main.c includes it once more with a SUITE of its own to list them, so there
 * is no guard. */
#include <check.h>

#ifndef SUITE
#define SUITE(what) Suite *what##_suite(void);
#endif

/* tests/rsp */
SUITE(frame)
SUITE(field)
SUITE(json)
SUITE(signal)
SUITE(client)

/* tests/stub */
SUITE(engine)
SUITE(transcripts)
SUITE(packets)

#undef SUITE
