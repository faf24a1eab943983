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

/* A number of the row's bits; where gdb has no such type its "int" goes without saying, which
 * takes its size from bitsize. */
static void
put_sized_type(struct rsp_window *w, const struct arch_row *row)
{
    uint16_t bits = row->bits;

    if (bits < 8 || bits > 128 || (bits & (bits - 1u)) != 0)
        return;
    rsp_window_text(w, row->type == ARCH_INT ? "\" type=\"int" : "\" type=\"uint");
    rsp_window_dec(w, bits);
}

static bool
is_default(const char *type)
{
    return type[0] == 'i' && type[1] == 'n' && type[2] == 't' && type[3] == '\0';
}

static void
put_type(struct rsp_window *w, const struct arch_row *row)
{
    const char *type = row->xml;

    if (type == NULL && row->type == ARCH_CODE_PTR)
        type = "code_ptr";
    else if (type == NULL && row->type == ARCH_DATA_PTR)
        type = "data_ptr";
    else if (type == NULL && row->type == ARCH_X87)
        type = "i387_ext";
    else if (type == NULL && row->type == ARCH_FLOAT)
        type = row->bits == 32 ? "ieee_single" : "ieee_double";
    if (type == NULL)
        put_sized_type(w, row);
    else if (!is_default(type))
        put(w, "\" type=\"", type);
}

/* gdb knows by itself which registers of its machines are general; the other groups have a meaning
 * to it ("info float", "info vector"). */
static void
put_group(struct rsp_window *w, const struct arch_row *row)
{
    if (row->group == ARCH_FLOATING)
        put(w, "\" group=\"", "float");
    else if (row->group == ARCH_VECTORS)
        put(w, "\" group=\"", "vector");
    else if (row->group == ARCH_SYSTEM)
        put(w, "\" group=\"", "system");
}

static void
put_register(struct rsp_window *w, const struct arch_register *r)
{
    char name[ARCH_NAME_MAX];

    arch_name_of(r, name);
    put(w, "<reg name=\"", name);
    rsp_window_text(w, "\" bitsize=\"");
    rsp_window_dec(w, r->row->bits);
    put_type(w, r->row);
    put_group(w, r->row);
    rsp_window_text(w, "\"/>");
}

static void
put_types(struct rsp_window *w, const struct arch_feature *feature)
{
    put(w, "<feature name=\"", feature->name);
    put(w, "\">", feature->types != NULL ? feature->types : "");
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
    rsp_window_text(w, "</target>");
}

void
stub_put_target_xml(const struct arch_layout *layout, struct rsp_window *w)
{
    struct arch_register r = { 0 };
    int open = -1; /* the feature that is open */

    put_head(layout, w);
    while (!rsp_window_done(w) && arch_next(layout, &r)) {
        if (r.feature != open && open >= 0)
            rsp_window_text(w, "</feature>");
        if (r.feature != open)
            put_types(w, &layout->arch->features[r.feature]);
        open = r.feature;
        put_register(w, &r);
    }
    rsp_window_text(w, "</feature></target>");
}
