/* xml.h - target.xml and lldb's words for registers, from the rows of arch.h. */
#ifndef STUBBORN_STUB_XML_H
#define STUBBORN_STUB_XML_H

#include "arch/arch.h"
#include "rsp/rsp.h"

/* Writes the layout's whole target description into w: gdb's features and types ("Target
 * Description Format"), and on each register lldb's attributes (docs/resources/lldbgdbremote.md),
 * which gdb ignores. Registers come in the order of arch_next, so that regnum is the number and
 * offset the place in g. An lldb is told the machine, the sets and the parts of registers in its
 * own words. */
void stub_put_target_xml(const struct arch_layout *layout, bool lldb, struct rsp_window *w);

/* lldb's words for a register, here and in qRegisterInfo. generic is NULL when there is none. */
const char *stub_register_encoding(const struct arch_row *row);
const char *stub_register_format(const struct arch_row *row);
const char *stub_register_set(const struct arch *arch, const struct arch_row *row);
const char *stub_register_generic(const struct arch_register *r);

#endif
