/* steps.c - instructions to be stepped one by one, each with a label; a test puts the PC there. */
#include <unistd.h>

extern char at_moves[], at_lap[], at_own[], at_name[], at_pause[], at_spin[];
const char new_name[] = "renamed";

__attribute__((noinline)) static void
places(void)
{
    __asm__ volatile(".globl at_moves, at_lap, at_own, at_name, at_pause, at_spin\n"
                     "at_moves: movl $1, %%eax\n" /* five bytes */
                     "nop\n"                      /* one */
                     "xchgw %%ax, %%ax\n"         /* two, as a syscall has */
                     "at_lap: decq %%rcx\n"
                     "jnz at_lap\n"
                     "at_own: int3\n"
                     "nop\n"
                     "at_name: syscall\n" /* prctl(PR_SET_NAME, new_name) */
                     "nop\n"
                     "at_pause: syscall\n" /* pause() */
                     "nop\n"
                     "at_spin: jmp at_spin\n"
                     :
                     :
                     : "rax", "rcx", "r11", "memory");
}

int
main(void)
{
    if (write(STDOUT_FILENO, "+", 1) != 1)
        return 2;
    for (;;)
        pause();
    places();
}
