/* stackwalk.h - see stackwalk.c. */
#include <windows.h>

#include <dbghelp.h>

/* Prints a line a frame. read NULL: the process's memory. Returns the number of frames. */
int print_stack(HANDLE process, HANDLE thread, CONTEXT *context,
                PREAD_PROCESS_MEMORY_ROUTINE64 read);
