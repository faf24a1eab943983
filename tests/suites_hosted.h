/* suites_hosted.h - as suites.h, for the rooms that need an operating system. */
#include <check.h>

#ifndef SUITE
#define SUITE(what) Suite *what##_suite(void);
#endif

/* tests/program */
SUITE(options)
SUITE(net)
SUITE(serve)
SUITE(server)
SUITE(server_lines)
SUITE(server_life)
SUITE(spin)

/* tests/live */
SUITE(live_launch)
SUITE(live_attach)
SUITE(live_break)
SUITE(live_steps)
SUITE(live_memory)
SUITE(live_threads)
SUITE(live_forks)
SUITE(live_events)
SUITE(live_apart)
SUITE(live_files)
SUITE(live_conditions)
SUITE(live_pad)
SUITE(live_catch)
SUITE(live_tls)
SUITE(live_objects)
SUITE(live_start)

/* tests/host */
SUITE(host)

/* tests/dump */
SUITE(dump)

/* Those that only compute; unit.sh runs what stands below this line beside what stands above. */
SUITE(cpu)
SUITE(emulate)
SUITE(move)

/* tests/board */
SUITE(board_memory)
SUITE(board_session)
SUITE(board_files)
SUITE(board_flash)
SUITE(board_scratch)
SUITE(board_replug)

/* tests/dbghelp */
SUITE(dbghelp)

#undef SUITE
