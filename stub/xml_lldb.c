/* xml_lldb.c - target.xml for lldb, and its words for registers (LLDB's
 * docs/resources/lldbgdbremote.md, qXfer:features:read). */
#include "stub/xml.h"

/* Wider numbers have no scalar type in lldb: it is given their bytes. */
static bool
is_bytes(const struct arch_row *row)
{
    return row->type == ARCH_VECTOR || row->type == ARCH_X87 || row->bits > 64;
}

const char *
stub_register_encoding(const struct arch_row *row)
{
    if (is_bytes(row))
        return "vector";
    return row->type == ARCH_FLOAT ? "ieee754" : "uint";
}

const char *
stub_register_format(const struct arch_row *row)
{
    if (is_bytes(row))
        return "vector-uint8";
    return row->type == ARCH_FLOAT ? "float" : "hex";
}

/* lldb's own name of a set is its key, and tests and scripts look for these. */
const char *
stub_register_set(const struct arch *arch, const struct arch_row *row)
{
    static const char floating[] = "Floating Point Registers";

    switch (row->group) {
    case ARCH_GENERAL:
        return "General Purpose Registers";
    case ARCH_FLOATING:
        return floating;
    case ARCH_VECTORS:
        return arch->vectors != NULL ? arch->vectors : floating;
    default:
        return "System Registers";
    }
}

const char *
stub_register_generic(const struct arch_register *r)
{
    static const char *const names[] = { NULL,    "pc",   "sp",   "fp",   "ra",
                                         "flags", "tp",   "arg1", "arg2", "arg3",
                                         "arg4",  "arg5", "arg6", "arg7", "arg8" };

    return names[arch_role_of(r)];
}

static void
put_attribute(struct rsp_window *w, const char *name, const char *value)
{
    rsp_window_text(w, " ");
    rsp_window_text(w, name);
    rsp_window_text(w, "=\"");
    rsp_window_xml(w, value);
    rsp_window_text(w, "\"");
}

static void
put_number(struct rsp_window *w, const char *name, uint64_t value)
{
    rsp_window_text(w, " ");
    rsp_window_text(w, name);
    rsp_window_text(w, "=\"");
    rsp_window_dec(w, value);
    rsp_window_text(w, "\"");
}

static void
put_register(const struct arch *arch, const struct arch_register *r, struct rsp_window *w)
{
    char name[ARCH_NAME_MAX];
    const char *generic = stub_register_generic(r);
    int dwarf = arch_dwarf_of(r);

    arch_name_of(r, name);
    rsp_window_text(w, "<reg");
    put_attribute(w, "name", name);
    put_number(w, "bitsize", r->row->bits);
    put_attribute(w, "type", r->row->xml != NULL ? r->row->xml : "int");
    put_number(w, "regnum", r->number);
    put_number(w, "offset", r->offset);
    put_attribute(w, "group", stub_register_set(arch, r->row));
    put_attribute(w, "encoding", stub_register_encoding(r->row));
    put_attribute(w, "format", stub_register_format(r->row));
    if (arch_alt_of(r, name))
        put_attribute(w, "altname", name);
    if (dwarf >= 0) {
        put_number(w, "ehframe_regnum", (uint64_t)dwarf);
        put_number(w, "dwarf_regnum", (uint64_t)dwarf);
    }
    if (generic != NULL)
        put_attribute(w, "generic", generic);
    rsp_window_text(w, "/>\n");
}

/* The numbers of what it is a part of, in decimal. */
static void
put_wholes(const struct arch_parted *parted, const char *attribute, struct rsp_window *w)
{
    rsp_window_text(w, " ");
    rsp_window_text(w, attribute);
    rsp_window_text(w, "=\"");
    rsp_window_dec(w, parted->whole[0].number);
    if (parted->whole[1].row != NULL) {
        rsp_window_text(w, ",");
        rsp_window_dec(w, parted->whole[1].number);
    }
    rsp_window_text(w, "\"");
}

static void
put_part(const struct arch *arch, const struct arch_parted *parted, unsigned number,
         struct rsp_window *w)
{
    bool vector = parted->part->bytes > 8;

    rsp_window_text(w, "<reg");
    put_attribute(w, "name", parted->name);
    put_number(w, "bitsize", parted->part->bytes * 8u);
    put_number(w, "regnum", number);
    put_number(w, "offset", parted->whole[0].offset + parted->part->at);
    put_attribute(w, "group", stub_register_set(arch, parted->whole[0].row));
    put_attribute(w, "encoding", vector ? "vector" : "uint");
    put_attribute(w, "format", vector ? "vector-uint8" : "hex");
    put_wholes(parted, "value_regnums", w);
    put_wholes(parted, "invalidate_regnums", w);
    rsp_window_text(w, "/>\n");
}

static void
put_types(const struct arch_feature *feature, struct rsp_window *w)
{
    if (feature->types == NULL)
        return;
    rsp_window_text(w, feature->types);
    rsp_window_text(w, "\n");
}

/* lldb wants them in one, and its testsuite insists. */
static void
put_one_feature(const struct arch_layout *layout, struct rsp_window *w)
{
    struct arch_register r = { 0 };
    struct arch_parted parted;
    int types = -1; /* the feature whose types were told */

    rsp_window_text(w, "<feature>\n");
    while (!rsp_window_done(w) && arch_next(layout, &r)) {
        if (r.feature != types)
            put_types(&layout->arch->features[r.feature], w);
        types = r.feature;
        put_register(layout->arch, &r, w);
    }
    for (unsigned i = 0; !rsp_window_done(w) && arch_part(layout, i, &parted); i++)
        put_part(layout->arch, &parted, arch_register_count(layout) + i, w);
    rsp_window_text(w, "</feature>\n");
}

void
stub_put_lldb_xml(const struct arch_layout *layout, struct rsp_window *w)
{
    rsp_window_text(w, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                       "<target version=\"1.0\">\n<architecture>");
    rsp_window_xml(w, layout->arch->triple);
    rsp_window_text(w, "</architecture>\n");
    if ((layout->features & ARCH_LINUX) != 0)
        rsp_window_text(w, "<osabi>GNU/Linux</osabi>\n");
    put_one_feature(layout, w);
    rsp_window_text(w, "</target>\n");
}
