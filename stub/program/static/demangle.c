/* demangle.c - C++ names by the C++ library, which is part of the static binary: its demangler
 * alone, a C function (Itanium C++ ABI, "Demangler API"). */
#include "stub/program/bt.h"

char *__cxa_demangle(const char *mangled, char *buffer, size_t *length, int *status);

char *
bt_demangle(const char *name)
{
    int status;

    return __cxa_demangle(name, NULL, NULL, &status);
}
