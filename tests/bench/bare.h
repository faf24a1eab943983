/* bare.h - the yardstick for transfers: a server that only moves bytes. */
#ifndef STUBBORN_TESTS_BENCH_BARE_H
#define STUBBORN_TESTS_BENCH_BARE_H

/* Answers m and x of prog.c's buffer, whose address it takes to be 0, from replies made
 * beforehand; for x only the first 64 KiB whole. Accepts one client on the listening socket. Does
 * not come back. */
_Noreturn void bare_serve(int listening);

#endif
