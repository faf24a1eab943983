/* demangle.c - C++ names by the C++ library, loaded when the first of them comes: most programs
 * have none, and a machine without that library has them as they are. The static binary has
 * static/demangle.c instead. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <dlfcn.h>

typedef char *demangle_fn(const char *mangled, char *buffer, size_t *length, int *status);

static demangle_fn *
demangler(void)
{
    static demangle_fn *found;
    static bool tried;
    void *library;

    if (!tried && (library = dlopen("libstdc++.so.6", RTLD_LAZY)) != NULL)
        *(void **)&found = dlsym(library, "__cxa_demangle");
    tried = true;
    return found;
}

char *
bt_demangle(const char *name)
{
    demangle_fn *demangle = demangler();
    int status;

    return demangle != NULL ? demangle(name, NULL, NULL, &status) : NULL;
}
