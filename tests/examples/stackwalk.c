/* stackwalk.c - a stack by StackWalk64, written from Microsoft's documentation of DbgHelp. The
 * same source is built for Windows (x86_64-w64-mingw32-gcc stackwalk*.c -ldbghelp) and for Linux
 * (cc $(pkg-config --cflags stubborn-dbghelp) stackwalk*.c $(pkg-config --libs
 * stubborn-dbghelp)). */
#include "stackwalk.h"

#include <stdio.h>
#include <string.h>

int
print_stack(HANDLE process, HANDLE thread, CONTEXT *context, PREAD_PROCESS_MEMORY_ROUTINE64 read)
{
    STACKFRAME64 frame;
    int n = 0;

    memset(&frame, 0, sizeof(frame));
    frame.AddrPC.Offset = context->Rip;
    frame.AddrPC.Mode = AddrModeFlat;
    frame.AddrFrame.Offset = context->Rbp;
    frame.AddrFrame.Mode = AddrModeFlat;
    frame.AddrStack.Offset = context->Rsp;
    frame.AddrStack.Mode = AddrModeFlat;
    while (StackWalk64(IMAGE_FILE_MACHINE_AMD64, process, thread, &frame, context, read,
                       SymFunctionTableAccess64, SymGetModuleBase64, NULL)) {
        DWORD64 base = SymGetModuleBase64(process, frame.AddrPC.Offset);

        printf("#%-3d 0x%016llx sp 0x%016llx", n++, (unsigned long long)frame.AddrPC.Offset,
               (unsigned long long)frame.AddrStack.Offset);
        if (base != 0)
            printf(" module 0x%llx + 0x%llx", (unsigned long long)base,
                   (unsigned long long)(frame.AddrPC.Offset - base));
        printf("\n");
    }
    return n;
}
