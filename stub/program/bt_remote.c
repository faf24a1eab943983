/* bt_remote.c - `stubborn bt COMM`: the threads of whatever speaks the remote serial protocol.
 * Where registers are in g its target.xml says, which files are loaded its link map. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <elf.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/program/bt_peer.h"

enum { ANNEX_MAX = 128, DEPTH = 4, SLOTS = 64, LINKS = 512, DYNAMIC_MAX = 512, PATH_SIZE = 1024 };
enum { THREADS_MAX = 10000 };

struct slot {
    unsigned to; /* number in struct unwind_registers */
    unsigned number;
    uint64_t offset; /* in g */
};

struct remote {
    struct bt_peer *peer;
    const struct bt_machine *machine;
    struct arch_layout layout;
    struct slot slot[SLOTS];
    unsigned slots;
    unsigned number;   /* of the next register in target.xml */
    uint64_t g_offset; /* and its place in g */
    bool scattered;    /* they do not come in the order of g: ask for each */
    int pac_mask;      /* the register that holds it, -1 none */
};

/* ---- target.xml ---- */

/* The value of an attribute within one tag. */
static bool
attribute(const char *tag, const char *end, const char *name, char *value, size_t size)
{
    char word[32];
    const char *at;
    size_t n;

    snprintf(word, sizeof(word), " %s=", name);
    at = memmem(tag, (size_t)(end - tag), word, strlen(word));
    if (at == NULL)
        return false;
    at += strlen(word);
    if (at >= end || (*at != '"' && *at != '\''))
        return false;
    n = strcspn(at + 1, *at == '"' ? "\"" : "'");
    if (n >= size || at + 1 + n > end)
        return false;
    memcpy(value, at + 1, n);
    value[n] = '\0';
    return true;
}

static unsigned
number_of(const struct remote *r, const char *name)
{
    struct arch_register a;
    int n;

    if (!arch_register_named(&r->layout, name, strlen(name), &a))
        return UNWIND_REGISTERS;
    n = arch_role_of(&a) == ARCH_PC ? (int)r->machine->pc : arch_dwarf_of(&a);
    return n >= 0 && n < UNWIND_REGISTERS && a.size == 8 ? (unsigned)n : UNWIND_REGISTERS;
}

static void
take_register(struct remote *r, const char *tag, const char *end)
{
    char name[64], text[32];
    uint64_t bits =
        attribute(tag, end, "bitsize", text, sizeof(text)) ? strtoul(text, NULL, 10) : 0;
    struct slot *s = &r->slot[r->slots];

    if (attribute(tag, end, "regnum", text, sizeof(text))) {
        unsigned number = (unsigned)strtoul(text, NULL, 10);

        r->scattered = r->scattered || number < r->number;
        r->number = number;
    }
    if (attribute(tag, end, "offset", text, sizeof(text)))
        r->g_offset = strtoul(text, NULL, 10);
    if (r->slots < SLOTS && attribute(tag, end, "name", name, sizeof(name)) &&
        number_of(r, name) < UNWIND_REGISTERS) {
        *s = (struct slot){ number_of(r, name), r->number, r->g_offset };
        r->slots++;
    }
    if (attribute(tag, end, "name", name, sizeof(name)) && strcmp(name, "pauth_cmask") == 0)
        r->pac_mask = (int)r->number;
    r->g_offset += bits / 8;
    r->number++;
}

static void
take_architecture(struct remote *r, const char *xml)
{
    if (strstr(xml, "<architecture>") == NULL)
        return;
    r->layout.arch = strstr(xml, "aarch64") != NULL ? &arch_aarch64 : &arch_x86_64;
    r->machine = bt_machine_of(r->layout.arch);
}

static void read_description(struct remote *r, const char *annex, unsigned depth);

static void
take_tag(struct remote *r, const char *tag, const char *end, unsigned depth)
{
    char annex[ANNEX_MAX];

    if (strncmp(tag, "<reg ", 5) == 0)
        take_register(r, tag, end);
    else if (strncmp(tag, "<xi:include ", 12) == 0 &&
             attribute(tag, end, "href", annex, sizeof(annex)))
        read_description(r, annex, depth + 1);
}

/* Features may stand in annexes of their own; they count where they are included. */
static void
read_description(struct remote *r, const char *annex, unsigned depth)
{
    size_t size;
    char *xml = depth < DEPTH ? peer_object(r->peer, "features", annex, &size) : NULL;
    const char *end;

    if (xml == NULL)
        return;
    take_architecture(r, xml);
    for (const char *tag = strchr(xml, '<'); tag != NULL; tag = strchr(end, '<')) {
        end = strchr(tag, '>');
        if (end == NULL)
            break;
        take_tag(r, tag, end, depth);
    }
    free(xml);
}

/* A peer without a description has gdb's own order. */
static void
assume_registers(struct remote *r)
{
    struct arch_register a = { 0 };
    char name[ARCH_NAME_MAX];

    while (arch_next(&r->layout, &a) && r->slots < SLOTS) {
        unsigned n;

        arch_name_of(&a, name);
        n = number_of(r, name);
        if (n < UNWIND_REGISTERS)
            r->slot[r->slots++] = (struct slot){ n, a.number, a.offset };
    }
}

/* ---- registers ---- */

static void
put(struct remote *r, struct unwind_registers *out, const struct slot *s, const uint8_t *bytes)
{
    out->value[s->to] = arch_get_uint(r->layout.arch, bytes, 8);
    out->valid |= (uint64_t)1 << s->to;
}

/* What is not available has x for digits, and the slot stays unknown. */
static void
get_together(struct remote *r, struct unwind_registers *out)
{
    struct rsp_in in = peer_ask(r->peer, "g");

    for (unsigned i = 0; !in.bad && i < r->slots; i++) {
        uint64_t at = 2 * r->slot[i].offset;
        uint8_t bytes[8];
        struct rsp_in one;

        if (at > rsp_left(&in) || rsp_left(&in) - at < 16)
            continue;
        one = rsp_in_from(in.p + at, 16);
        if (rsp_take_hex_bytes(&one, bytes, sizeof(bytes)) == sizeof(bytes) && !one.bad)
            put(r, out, &r->slot[i], bytes);
    }
}

static void
get_alone(struct remote *r, struct unwind_registers *out)
{
    for (unsigned i = 0; i < r->slots; i++) {
        struct rsp_in in = peer_ask(r->peer, "p%x", r->slot[i].number);
        uint8_t bytes[8];

        if (!in.bad && rsp_left(&in) >= 16 &&
            rsp_take_hex_bytes(&in, bytes, sizeof(bytes)) == sizeof(bytes) && !in.bad)
            put(r, out, &r->slot[i], bytes);
    }
}

static void
get_registers(struct remote *r, const char *thread, struct unwind_registers *out)
{
    uint64_t needed;

    out->valid = 0;
    if (thread[0] != '\0')
        (void)peer_ask(r->peer, "Hg%s", thread);
    needed = (uint64_t)1 << r->machine->pc | (uint64_t)1 << r->machine->sp;
    if (!r->scattered)
        get_together(r, out);
    if ((out->valid & needed) != needed)
        get_alone(r, out);
}

/* Which bits of a signed return address are no address (GDB manual, "AArch64 Features",
 * org.gnu.gdb.aarch64.pauth): the same for all threads of a process. */
static uint64_t
get_pac_mask(struct remote *r)
{
    uint8_t bytes[8];
    struct rsp_in in;

    if (r->pac_mask < 0 || r->layout.arch != &arch_aarch64)
        return 0;
    in = peer_ask(r->peer, "p%x", (unsigned)r->pac_mask);
    if (in.bad || rsp_take_hex_bytes(&in, bytes, sizeof(bytes)) != sizeof(bytes) || in.bad)
        return 0;
    return arch_get_uint(r->layout.arch, bytes, sizeof(bytes));
}

/* ---- modules: the dynamic linker's list ---- */

struct loaded {
    uint64_t base;
    char path[PATH_SIZE];
};

struct modules {
    struct remote *remote;
    const struct arch_memory *memory;
    struct loaded *loaded;
    size_t count;
    char *auxv;
    size_t auxv_size;
};

static bool
auxv_get(const struct modules *m, uint64_t type, uint64_t *value)
{
    const struct arch *arch = m->remote->layout.arch;

    for (size_t at = 0; at + 16 <= m->auxv_size; at += 16) {
        if (arch_get_uint(arch, m->auxv + at, 8) != type)
            continue;
        *value = arch_get_uint(arch, m->auxv + at + 8, 8);
        return true;
    }
    return false;
}

static void
add_loaded(struct modules *m, uint64_t base, const char *path)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->loaded[i].base == base)
            return;
    if (m->count == LINKS || base == 0)
        return;
    m->loaded[m->count].base = base;
    snprintf(m->loaded[m->count++].path, PATH_SIZE, "%s", path);
}

static bool
word(const struct modules *m, uint64_t address, uint64_t *v)
{
    return arch_read_uint(m->memory, address, 8, false, v);
}

/* The program's headers in memory: how far it was moved, and its _DYNAMIC. */
static bool
find_dynamic(const struct modules *m, uint64_t *bias, uint64_t *dynamic)
{
    uint64_t headers, count, where;

    *bias = *dynamic = 0;
    if (!auxv_get(m, AT_PHDR, &headers) || !auxv_get(m, AT_PHNUM, &count) || count > 128)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = headers + i * sizeof(Elf64_Phdr);
        uint64_t type;

        if (!arch_read_uint(m->memory, at, 4, false, &type) ||
            !word(m, at + offsetof(Elf64_Phdr, p_vaddr), &where))
            return false;
        if (type == PT_PHDR)
            *bias = headers - where;
        if (type == PT_DYNAMIC)
            *dynamic = where;
    }
    *dynamic += *dynamic != 0 ? *bias : 0;
    return *dynamic != 0;
}

/* DT_DEBUG leads to struct r_debug, whose second word is the first struct link_map. */
static uint64_t
first_link(const struct modules *m)
{
    uint64_t bias, dynamic, tag, debug, link;

    if (!find_dynamic(m, &bias, &dynamic))
        return 0;
    for (unsigned i = 0; i < DYNAMIC_MAX; i++, dynamic += 16) {
        if (!word(m, dynamic, &tag) || tag == DT_NULL)
            return 0;
        if (tag == DT_DEBUG)
            return word(m, dynamic + 8, &debug) && debug != 0 && word(m, debug + 8, &link) ? link
                                                                                           : 0;
    }
    return 0;
}

/* struct link_map: l_addr, l_name, l_ld, l_next. The first is the program, without a name. */
static void
follow_links(struct modules *m)
{
    uint64_t link = first_link(m);

    for (unsigned i = 0; link != 0 && i < LINKS; i++) {
        uint64_t base, name;
        char path[PATH_SIZE] = "";
        uint64_t next;

        if (!word(m, link, &base) || !word(m, link + 8, &name) || !word(m, link + 24, &next))
            return;
        path[arch_read(m->memory, name, path, sizeof(path) - 1)] = '\0';
        if (i > 0)
            add_loaded(m, base, path);
        link = next;
    }
}

/* The program's file: as the user says, as the peer says, or as it was started. */
static void
name_program(const struct modules *m, const struct bt_options *o, char *name, size_t size)
{
    size_t unused;
    uint64_t at;
    char *path = o->exe == NULL ? peer_object(m->remote->peer, "exec-file", "", &unused) : NULL;

    name[0] = '\0';
    if (o->exe != NULL || path != NULL)
        snprintf(name, size, "%s", o->exe != NULL ? o->exe : path);
    else if (auxv_get(m, AT_EXECFN, &at))
        name[arch_read(m->memory, at, name, size - 1)] = '\0';
    free(path);
}

static void
find_program(struct modules *m, const struct bt_options *o)
{
    uint64_t headers = 0;
    uint64_t base = 0;
    char name[PATH_SIZE];

    name_program(m, o, name, sizeof(name));
    if (auxv_get(m, AT_PHDR, &headers)) /* they follow the file's header */
        add_loaded(m, headers & ~(uint64_t)0xfff, name);
    if (auxv_get(m, AT_BASE, &base))
        add_loaded(m, base, "");
    if (auxv_get(m, AT_SYSINFO_EHDR, &base))
        add_loaded(m, base, "[vdso]");
}

static int
by_base(const void *a, const void *b)
{
    uint64_t x = ((const struct loaded *)a)->base;
    uint64_t y = ((const struct loaded *)b)->base;

    return (x > y) - (x < y);
}

static void
add_images(struct modules *m, struct images *images)
{
    qsort(m->loaded, m->count, sizeof(*m->loaded), by_base);
    for (size_t i = 0; i < m->count; i++) {
        struct unwind_module seen;
        struct image_mapping mapping = { .inode = i + 1, .executable = true };

        if (!unwind_read_module(m->memory, m->loaded[i].base, &seen))
            continue;
        mapping.start = seen.start;
        mapping.end = (seen.end + 0xfff) & ~(uint64_t)0xfff;
        mapping.path = m->loaded[i].path;
        (void)image_add_mapping(images, &mapping);
    }
    image_tidy(images);
}

static void
find_modules(struct remote *r, const struct bt_options *o, struct bt_stacks *s)
{
    struct modules m = { .remote = r, .memory = &s->memory };

    m.loaded = calloc(LINKS, sizeof(*m.loaded));
    m.auxv = peer_object(r->peer, "auxv", "", &m.auxv_size);
    if (m.loaded != NULL && m.auxv != NULL) {
        follow_links(&m);
        find_program(&m, o);
        add_images(&m, &s->images);
    } else if (m.auxv == NULL && o->exe != NULL && image_add_linked(&s->images, o->exe) &&
               s->images.count == 0) { /* there is no system that loads programs */
        warnx("%s is not what runs at %s", o->exe, o->comm);
    }
    free(m.loaded);
    free(m.auxv);
}

/* ---- threads ---- */

struct names {
    char (*name)[32];
    size_t count;
};

/* "m1,2,3" and so on until "l", or until the first one comes again; ids stay as the peer writes
 * them. */
static void
find_threads(struct bt_peer *peer, struct names *names)
{
    struct rsp_in in = peer_ask(peer, "qfThreadInfo");

    while (!in.bad && rsp_take_if(&in, 'm')) {
        do {
            struct rsp_in id = rsp_take_until(&in, ',');
            size_t n = rsp_left(&id);
            void *more = reallocarray(names->name, names->count + 1, sizeof(*names->name));

            if (more == NULL || n == 0 || n >= sizeof(*names->name))
                return;
            names->name = more;
            memcpy(names->name[names->count], id.p, n);
            names->name[names->count][n] = '\0';
            if (names->count == THREADS_MAX ||
                (names->count > 0 && strcmp(names->name[0], names->name[names->count]) == 0))
                return;
            names->count++;
        } while (rsp_take_if(&in, ','));
        in = peer_ask(peer, "qsThreadInfo");
    }
}

/* "p1.2" and "2" alike: the thread's number. */
static pid_t
tid_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return (pid_t)strtol(dot != NULL ? dot + 1 : name, NULL, 16);
}

static void
walk_threads(struct remote *r, const struct bt_options *o, struct bt_stacks *s,
             struct bt_walker *walker)
{
    static char only[1][32];
    struct names names = { NULL, 0 };
    size_t count;

    find_threads(r->peer, &names);
    count = names.count > 0 && !o->one ? names.count : 1;
    for (size_t i = 0; i < count && peer_trouble(r->peer) == NULL; i++) {
        const char *name = names.count > 0 ? names.name[i] : only[0];
        struct bt_thread *t = bt_add_thread(s, tid_of(name));
        struct unwind_registers registers;

        if (t == NULL)
            break;
        bt_progress(i, count);
        get_registers(r, name, &registers);
        bt_walk_thread(walker, &registers, t);
        t->why = peer_trouble(r->peer);
    }
    free(names.name);
}

const char *
bt_walk_remote(const struct bt_options *o, struct bt_stacks *s)
{
    struct bt_peer *peer = calloc(1, sizeof(*peer));
    struct remote r = { .peer = peer, .layout = { &arch_x86_64, 0 }, .pac_mask = -1 };
    struct bt_walker *walker;

    if (peer == NULL)
        return "out of memory";
    if (!peer_open(peer, o->comm)) {
        free(peer);
        return ""; /* it was said already */
    }
    s->remote = true;
    s->line_bytes = PEER_PIECE;
    s->memory = (struct arch_memory){ peer_read_memory, peer, 4096, 0 };
    s->images.memory = &s->memory;
    r.machine = bt_machine_of(r.layout.arch);
    read_description(&r, "target.xml", 0);
    if (r.slots == 0)
        assume_registers(&r);
    find_modules(&r, o, s);
    walker = bt_open_walker(o, s, r.machine, &s->memory, get_pac_mask(&r));
    if (walker != NULL)
        walk_threads(&r, o, s, walker);
    bt_close_walker(walker);
    s->round_trips = peer->round_trips;
    peer_close(peer);
    free(peer);
    return walker != NULL ? NULL : "out of memory";
}
