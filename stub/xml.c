/* xml.c - target.xml for gdb (GDB manual, "Target Description Format"). What an lldb reads is
 * xml_lldb.c's. Names and types come from const rows and need no entities. */
#include "stub/xml.h"

/* A piece ends inside the value that it begins; the next one closes the quotes. */
static void
put(struct rsp_window *w, const char *begin, const char *value)
{
    rsp_window_text(w, begin);
    rsp_window_text(w, value);
}

/* gdb knows by itself which registers of its machines are general; the other groups have a meaning
 * to it ("info float", "info vector"). */
static void
put_group(struct rsp_window *w, const struct arch_row *row)
{
    static const char groups[][8] = { "", "float", "vector", "system" };

    if (row->group != ARCH_GENERAL)
        put(w, "\" group=\"", groups[row->group]);
}

static void
put_register(struct rsp_window *w, const struct arch_register *r)
{
    char name[ARCH_NAME_MAX];

    arch_name_of(r, name);
    put(w, "<reg name=\"", name);
    rsp_window_text(w, "\" bitsize=\"");
    rsp_window_dec(w, r->row->bits);
    if (r->row->xml !=
        NULL) /* else "int", which goes without saying and takes its size from bitsize */
        put(w, "\" type=\"", r->row->xml);
    put_group(w, r->row);
    rsp_window_text(w, "\"/>");
}

/* Ends the feature before it, if there is one. */
static void
put_feature(struct rsp_window *w, const struct arch_feature *feature, bool first, bool explained)
{
    static const char end_begin[] = "</feature><feature name=\"";

    put(w, first ? end_begin + sizeof("</feature>") - 1 : end_begin, feature->name);
    put(w, "\">", explained && feature->types != NULL ? feature->types : "");
}

static void
put_head(const struct arch_layout *layout, struct rsp_window *w)
{
    put(w, "<target><architecture>", layout->arch->name);
    rsp_window_text(w, "</architecture>");
    if ((layout->features & ARCH_LINUX) != 0)
        rsp_window_text(w, "<osabi>GNU/Linux</osabi>");
}

void
stub_put_architecture(const struct arch_layout *layout, struct rsp_window *w)
{
    put_head(layout, w);
    /* Else gdb takes a board for a Linux and looks at the code of each frame for its signals. */
    if ((layout->features & ARCH_LINUX) == 0)
        rsp_window_text(w, "<osabi>none</osabi>");
    rsp_window_text(w, "</target>");
}

void
stub_put_target_xml(const struct arch_layout *layout, struct rsp_window *w, bool explained)
{
    struct arch_register r = { 0 };

    put_head(layout, w);
    while (!rsp_window_done(w) && arch_next(layout, &r)) {
        if (r.row_index == 0 && r.index == 0)
            put_feature(w, &layout->arch->features[r.feature], r.number == 0, explained);
        put_register(w, &r);
    }
    rsp_window_text(w, "</feature></target>");
}
