/* suites.h - the suites of Check tests of the freestanding rooms, one line each: SUITE(what) for
 * `Suite *what_suite(void)`, which stands in tests/<layer>/test_<what>.c. Included as it is, this
 * declares them; main.c includes it once more with a SUITE of its own to list them, so there is
 * no guard. Those of the hosted rooms are in suites_hosted.h. */
#include <check.h>

#ifndef SUITE
#define SUITE(what) Suite *what##_suite(void);
#endif

/* tests/rsp */
SUITE(frame)
SUITE(field)
SUITE(bulk)
SUITE(json)
SUITE(signal)
SUITE(client)

/* tests/arch */
SUITE(memory)
SUITE(build_id)
SUITE(registers)
SUITE(sets)

/* tests/stub */
SUITE(engine)
SUITE(ack)
SUITE(plain)
SUITE(line)
SUITE(brief)
SUITE(transcripts)
SUITE(packets)
SUITE(xml)
SUITE(agent)
SUITE(ahead)

/* tests/unwind */
SUITE(unwind_paths)
SUITE(unwind_tables)
SUITE(unwind_walk)

#undef SUITE
