/* steps.c - instructions to be stepped, one by one and through a range, each with a label; a test
 * puts the PC there. */
#include <stdint.h>
#include <unistd.h>

uint64_t words[16], sum;
extern char at_work[], at_worked[], at_moves[], at_lap[], at_own[], at_name[], at_pause[],
    at_spin[], at_loop[];
const char new_name[] = "renamed";

__attribute__((noinline)) static void
places(void)
{
    __asm__ volatile(".globl at_moves, at_lap, at_own, at_name, at_pause, at_spin\n"
                     ".globl at_work, at_worked, at_loop\n"
                     "at_work: leaq words(%%rip), %%rsi\n"
                     "movl $16, %%ecx\n"
                     "xorl %%eax, %%eax\n"
                     "1: addq %%rcx, %%rax\n"
                     "movq %%rax, -8(%%rsi,%%rcx,8)\n"
                     "pushq %%rax\n"
                     "cvtsi2sdq %%rax, %%xmm0\n" /* for the processor alone */
                     "cvttsd2siq %%xmm0, %%rdx\n"
                     "addq %%rdx, sum(%%rip)\n"
                     "popq %%rbx\n"
                     "call 2f\n"
                     "decq %%rcx\n"
                     "jnz 1b\n"
                     "jmp at_worked\n"
                     "2: xorq %%rbx, %%rdx\n"
                     "ret\n"
                     "at_worked: nop\n"
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
                     "at_loop: loop at_loop\n" /* for the processor alone */
                     :
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r11", "xmm0", "memory");
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
