/* bt_print.c - stacks in eu-stack's shape, or as JSON. */
#define _GNU_SOURCE 1
#include "stub/program/bt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp/rsp.h"
#include "stub/dump/dump.h"

struct page {
    FILE *file;
    const struct bt_options *options;
    const struct bt_stacks *stacks;
    struct bt_debug *debug;
    const struct bt_frame *frame;
    unsigned number;
    bool first; /* nothing of this thread was printed yet (commas) */
};

/* ---- names ---- */

/* What to print for a name; to be freed, or NULL: as it is. */
static char *
demangled(const struct bt_options *o, const char *name)
{
    if (o->raw || name == NULL || strncmp(name, "_Z", 2) != 0)
        return NULL;
    return bt_demangle(name);
}

/* ---- text ---- */

static void
print_id(FILE *out, const struct image *image)
{
    for (size_t n = 0; n < image->id_size; n++)
        fprintf(out, "%02x", image->id[n]);
}

static void
print_module(const struct page *p)
{
    const struct images *images = &p->stacks->images;
    ssize_t i = p->frame->image;

    if (p->options->module && i >= 0 && images->image[i].path[0] != '\0')
        fprintf(p->file, " - %s", images->image[i].path);
    if (p->options->build_id && i >= 0 && images->image[i].id_size > 0) {
        fprintf(p->file, "\n    [");
        print_id(p->file, &images->image[i]);
        fprintf(p->file, "]@0x%" PRIx64 "+0x%" PRIx64, images->module[i].start,
                p->frame->pc - p->frame->called - images->module[i].start);
    }
}

static void
print_text(const struct page *p, const char *name, const char *file, int line, int column)
{
    char *plain = demangled(p->options, name);

    fprintf(p->file, "#%-2u 0x%016" PRIx64, p->number, p->frame->pc);
    if (p->options->activation)
        fprintf(p->file, "%4s", p->frame->called ? "- 1" : "");
    if (name != NULL)
        fprintf(p->file, " %s", plain != NULL ? plain : name);
    if (p->frame->signal)
        fprintf(p->file, " [signal]");
    if (p->frame->source > UNWIND_SIGNAL)
        fprintf(p->file, " [by %s]", unwind_source_name((enum unwind_source)p->frame->source));
    print_module(p);
    if (p->options->source && file != NULL) {
        fprintf(p->file, "\n    %s:%d", file, line);
        if (column > 0)
            fprintf(p->file, ":%d", column);
    }
    fprintf(p->file, "\n");
    free(plain);
}

/* An end that is proven needs no words. */
static void
print_end(FILE *out, const struct bt_options *o, const struct bt_thread *t)
{
    if (o->verbose && t->stood_for > 0)
        fprintf(out, "[stood still for %.0f us]\n", t->stood_for);
    if (t->why != NULL)
        fprintf(out, "[%s]\n", t->why);
    else if (t->end.reason == UNWIND_RUNNING)
        fprintf(out, "[more frames]\n");
    else if (t->end.reason != UNWIND_OUTERMOST && t->end.reason != UNWIND_MARKED)
        fprintf(out, "[%s: 0x%" PRIx64 "]\n", unwind_reason_name(t->end.reason), t->end.address);
}

/* ---- JSON ---- */

/* As the server writes them (rsp/json.c): of a name that is no text, each byte by its number. */
static void
print_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (size_t left = strlen(text), size; left > 0; text += size, left -= size) {
        size = rsp_utf8((const uint8_t *)text, left);
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if (size > 0 && (unsigned char)*text >= ' ')
            fwrite(text, 1, size, out);
        else
            fprintf(out, "\\u%04x", (unsigned char)*text);
        size = size > 0 ? size : 1;
    }
    fputc('"', out);
}

static void
print_member(FILE *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    fprintf(out, ",\"%s\":", name);
    print_string(out, value);
}

static void
print_json(struct page *p, const char *name, const char *file, int line)
{
    const struct bt_frame *f = p->frame;
    char *plain = demangled(p->options, name);

    fprintf(p->file,
            "%s\n   {\"index\":%u,\"pc\":\"0x%" PRIx64 "\",\"source\":\"%s\",\"trust\":%d",
            p->first ? "" : ",", p->number, f->pc,
            unwind_source_name((enum unwind_source)f->source), f->trust);
    print_member(p->file, "name", plain != NULL ? plain : name);
    if (name != NULL && f->name != NULL)
        fprintf(p->file, ",\"offset\":%" PRIu64, f->offset);
    if (f->image >= 0)
        print_member(p->file, "module", p->stacks->images.image[f->image].path);
    print_member(p->file, "file", file);
    if (file != NULL)
        fprintf(p->file, ",\"line\":%d", line);
    if (f->signal)
        fprintf(p->file, ",\"signal\":true");
    fprintf(p->file, "}");
    free(plain);
    p->first = false;
}

/* ---- both ---- */

/* Symbols name a frame; with -d its debugging information does, where it has any. */
static void
say(void *context, const char *name, const char *file, int line, int column)
{
    struct page *p = context;

    if (name == NULL || !p->options->debugname)
        name = p->frame->name;
    if (p->options->json)
        print_json(p, name, file, line);
    else
        print_text(p, name, file, line, column);
    p->number++;
}

static void
print_frames(struct page *p, const struct bt_thread *t)
{
    const struct bt_options *o = p->options;

    p->number = 0;
    p->first = true;
    for (size_t i = 0; i < t->count; i++) {
        p->frame = &t->frame[i];
        if (o->source || o->inlines || o->debugname)
            bt_describe(p->debug, p->stacks, p->frame, o->inlines, say, p);
        else
            say(p, NULL, NULL, 0, 0);
    }
}

static void
print_thread_json(struct page *p, const struct bt_thread *t)
{
    fprintf(p->file, "\n  {\"tid\":%d,\"frames\":[", (int)t->tid);
    print_frames(p, t);
    fprintf(p->file, "],\"end\":");
    print_string(p->file, t->why != NULL                    ? t->why
                          : t->end.reason == UNWIND_RUNNING ? "more frames"
                                                            : unwind_reason_name(t->end.reason));
    fprintf(p->file, ",\"address\":\"0x%" PRIx64 "\",\"stood_us\":%.0f}", t->end.address,
            t->stood_for);
}

static int
pid_of(const struct bt_options *o, const struct bt_stacks *s)
{
    return s->dump != NULL ? (int)dump_pid(s->dump) : (int)o->pid;
}

static void
print_title(FILE *out, const struct bt_options *o, const struct bt_stacks *s, const char *what)
{
    if (s->remote)
        fprintf(out, "%s - remote%s\n", o->comm, what);
    else
        fprintf(out, "PID %d - %s%s\n", pid_of(o, s), s->dump != NULL ? "core" : "process", what);
    if (s->remote && o->verbose)
        fprintf(out, "[%u round trips]\n", s->round_trips);
}

/* ---- modules ---- */

static void
print_path(FILE *out, const char *path, const char *more)
{
    fprintf(out, "  %s%s\n", path[0] == '/' ? path : "-", path[0] == '/' ? more : "");
}

/* What has no name is code that nobody loaded as a file. */
static void
print_modules(FILE *out, const struct bt_options *o, const struct bt_stacks *s)
{
    char debug[BT_PATH_MAX];

    print_title(out, o, s, " module memory map");
    for (size_t i = 0; i < s->images.count; i++) {
        const struct image *image = &s->images.image[i];
        const char *slash = strrchr(image->path, '/');

        if (image->path[0] == '\0')
            continue;
        fprintf(out, "0x%016" PRIx64 "-0x%016" PRIx64 " %s\n", s->images.module[i].start,
                s->images.module[i].end, slash != NULL ? slash + 1 : image->path);
        if (image->id_size > 0) {
            fprintf(out, "  [");
            print_id(out, image);
            fprintf(out, "]\n");
        }
        print_path(out, image->path, image->deleted ? " (deleted)" : "");
        print_path(out, bt_debug_file(o, image, debug) ? debug : "", "");
    }
}

static void
print_modules_json(FILE *out, const struct bt_stacks *s)
{
    const char *comma = "";

    fprintf(out, "\"modules\":[");
    for (size_t i = 0; i < s->images.count; i++) {
        const struct image *image = &s->images.image[i];

        if (image->path[0] == '\0')
            continue;
        fprintf(out,
                "%s\n  {\"start\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64 "\",\"build_id\":\"",
                comma, s->images.module[i].start, s->images.module[i].end);
        print_id(out, image);
        fprintf(out, "\"");
        print_member(out, "path", image->path);
        fprintf(out, "%s}", image->deleted ? ",\"deleted\":true" : "");
        comma = ",";
    }
    fprintf(out, "],");
}

/* ---- the whole ---- */

static void
print_json_stacks(struct page *p)
{
    const struct bt_stacks *s = p->stacks;

    fprintf(p->file, "{\"pid\":%d,", pid_of(p->options, s));
    if (p->options->list)
        print_modules_json(p->file, s);
    fprintf(p->file, "\"threads\":[");
    for (size_t i = 0; i < s->count; i++) {
        fprintf(p->file, "%s", i > 0 ? "," : "");
        print_thread_json(p, &s->thread[i]);
    }
    fprintf(p->file, "]}\n");
}

void
bt_print(FILE *out, const struct bt_options *o, struct bt_debug *debug, const struct bt_stacks *s)
{
    struct page p = { .file = out, .options = o, .stacks = s, .debug = debug };

    if (o->json) {
        print_json_stacks(&p);
        return;
    }
    if (o->list)
        print_modules(out, o, s);
    print_title(out, o, s, "");
    for (size_t i = 0; i < s->count; i++) {
        fprintf(out, "TID %d:\n", (int)s->thread[i].tid);
        print_frames(&p, &s->thread[i]);
        print_end(out, o, &s->thread[i]);
    }
}
