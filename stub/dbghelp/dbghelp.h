/* dbghelp.h - installed beside windows.h, where `#include <dbghelp.h>` finds it. */
#include "arch/unwind/dbghelp.h"
