/* xml.h - target.xml and lldb's words for registers, from the rows of arch.h. */
#ifndef STUBBORN_STUB_XML_H
#define STUBBORN_STUB_XML_H

#include "arch/arch.h"
#include "rsp/rsp.h"

/* Writes the layout's whole target description into w: gdb's features and types ("Target
 * Description Format"). Registers come in the order of arch_next, so that their numbers and places
 * in g go without saying. Unless types are `explained` their names stand alone: lldb shows a
 * number as a number, where gdb would refuse the description. */
void stub_put_target_xml(const struct arch_layout *layout, struct rsp_window *w, bool explained);

/* Only the architecture: a gdb then takes the registers that it has by default. */
void stub_put_architecture(const struct arch_layout *layout, struct rsp_window *w);

/* The whole description for an lldb, which is told the machine, the sets and the parts of
 * registers in its own words, with its attributes (docs/resources/lldbgdbremote.md). */
void stub_put_lldb_xml(const struct arch_layout *layout, struct rsp_window *w);

/* lldb's words for a register, here and in qRegisterInfo. generic is NULL when there is none. */
const char *stub_register_encoding(const struct arch_row *row);
const char *stub_register_format(const struct arch_row *row);
const char *stub_register_set(const struct arch *arch, const struct arch_row *row);
const char *stub_register_generic(const struct arch_register *r);

#endif
