/* bt_core.c - `stubborn bt CORE`: the threads of a core, walked in its memory and in the files
 * that were mapped. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <elf.h>
#include <err.h>
#include <string.h>

#include "stub/dump/dump.h"

/* The number of the first file of this name, from 1. */
static unsigned long long
file_number(const struct dump *d, const char *path)
{
    size_t i = 0;

    while (i < dump_file_count(d) && strcmp(dump_file_at(d, i)->path, path) != 0)
        i++;
    return i + 1;
}

static uint64_t
file_offset(const struct dump *d, uint64_t address)
{
    for (size_t i = 0; i < dump_file_count(d); i++) {
        const struct dump_file *f = dump_file_at(d, i);

        if (address >= f->start && address < f->end)
            return f->offset + (address - f->start);
    }
    return 0;
}

/* Where the file of that name is now; as the core has it when it is nowhere. */
static const char *
place_of(const struct dump *d, const char *name)
{
    size_t i = (size_t)file_number(d, name) - 1;
    const char *place = i < dump_file_count(d) ? dump_file_place(d, i) : NULL;

    return place != NULL ? place : name;
}

static bool
add_region(struct images *images, const struct dump *d, const struct stub_region *r)
{
    uint64_t vdso = 0;
    bool is_vdso = dump_auxv(d, AT_SYSINFO_EHDR, &vdso) && vdso == r->start;
    struct image_mapping m = { .start = r->start,
                               .end = r->start + r->size,
                               .executable = (r->permissions & STUB_EXECUTE) != 0,
                               .path = is_vdso ? "[vdso]" : "" };

    if (r->name != NULL) {
        m.inode = file_number(d, r->name);
        m.offset = file_offset(d, r->start);
        m.path = place_of(d, r->name);
    }
    return image_add_mapping(images, &m);
}

bool
bt_find_core_images(struct images *images, struct dump *d)
{
    struct stub_region r;
    uint64_t at = 0;
    bool ok = true;

    do {
        dump_target.region(d, at, &r);
        if (r.mapped)
            ok = add_region(images, d, &r);
        at = r.start + r.size;
    } while (ok && r.size != 0 && at != 0);
    image_tidy(images);
    return ok;
}

void
bt_say_trouble(const char *core, const struct dump *d)
{
    const char *exe = dump_exe(d);

    if (dump_trouble(d) != NULL)
        warnx("%s: %s%s%s%s; give it behind the core", core, dump_trouble(d),
              exe != NULL ? " (" : "", exe != NULL ? exe : "", exe != NULL ? ")" : "");
}

const char *
bt_walk_core(const struct bt_options *o, struct bt_stacks *s)
{
    const char *why;
    const struct bt_machine *machine;
    struct bt_walker *walker;

    s->dump = dump_open(o->core, o->exe, &why);
    if (s->dump == NULL)
        return why;
    bt_say_trouble(o->core, s->dump);
    s->memory = (struct arch_memory){ dump_read_memory, s->dump, 4096, 0 };
    s->images.memory = &s->memory;
    if (!bt_find_core_images(&s->images, s->dump))
        return "out of memory";
    machine = bt_machine_of(dump_layout(s->dump)->arch);
    walker = bt_open_walker(o, s, machine, &s->memory, dump_pac_mask(s->dump));
    for (size_t i = 0; walker != NULL && i < dump_thread_count(s->dump) && (i == 0 || !o->one);
         i++) {
        const struct dump_thread *from = dump_thread_at(s->dump, i);
        struct bt_thread *t = bt_add_thread(s, (pid_t)from->tid);
        struct unwind_registers registers;

        if (t == NULL)
            break;
        bt_progress(i, dump_thread_count(s->dump));
        bt_get_registers(machine, &from->sets, &registers);
        bt_walk_thread(walker, &registers, t);
    }
    bt_close_walker(walker);
    return walker != NULL ? NULL : "out of memory";
}

void
bt_close_core(struct bt_stacks *s)
{
    if (s->dump != NULL)
        dump_close(s->dump);
}
