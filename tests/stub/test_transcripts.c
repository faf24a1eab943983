/* test_transcripts.c - plays the *.rsp files of tests/stub, conversations with the real engine
 * and a fake target, in four ways that must sound alike: whole, byte by byte, with a target that
 * answers everything late, and in no-ack mode. Lines of a transcript:
 *     # comment
 *     =             begins a fresh session; words behind it: threads=5 buffer=400, late, lossy,
 *                   whole-reads (the read callback is all or nothing), board (has a memory map),
 *                   top=0x27ff (the highest address),
 *                   naks (the engine may send some), minimal, gdb-only, embedded
 *                   or lending (the packets of that list; a plain build has gdb-only)
 *     - OPERATION   takes an operation from the target, before the first packet
 *     > BODY        is sent in a frame
 *     >> BYTES      is sent as it is
 *     < BODY        is the next frame that comes, as it stands on the line
 *     <* PATTERN    the same, where * stands for anything
 *     <~            nothing comes
 *     ! NEWS        the target has news: stop TID REASON SIGNAL ADDRESS, exit STATUS, print TEXT,
 *                   appears (what is waited for), nothing (it asks to be asked again);
 *                   or what it was asked to launch or to set last is this: args TEXT, option TEXT
 * \xNN is a byte. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/engine.h"
#include "tests/stub/wire.h"
#include "tests/suites.h"

static const char folder[] = "tests/stub";

enum way { WHOLE, BYTEWISE, LATE, NO_ACK, WAYS };

struct play {
    struct wire wire;
    enum way way;
    bool open;
    const char *file;
    unsigned line;
    char settings[128];
    char taken[8][32]; /* operations taken away */
    unsigned taken_count;
    unsigned sessions;
};

/* ---- lines ---- */

/* Undoes \xNN in place; returns the length. */
static size_t
unescape(char *text)
{
    size_t n = 0;

    for (const char *p = text; *p != '\0'; n++) {
        unsigned value;

        if (p[0] == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &value) == 1) {
            text[n] = (char)value;
            p += 4;
        } else {
            text[n] = *p++;
        }
    }
    text[n] = '\0';
    return n;
}

static bool
matches(const char *pattern, size_t m, const uint8_t *text, size_t n)
{
    size_t p = 0, t = 0, star = SIZE_MAX, back = 0;

    while (t < n) {
        if (p < m && pattern[p] == '*') {
            star = p++;
            back = t;
        } else if (p < m && (uint8_t)pattern[p] == text[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++back;
        } else {
            return false;
        }
    }
    while (p < m && pattern[p] == '*')
        p++;
    return p == m;
}

static const char *
way_name(enum way way)
{
    static const char *const names[] = { "whole", "byte by byte", "late", "no-ack" };

    return names[way];
}

#define EXPECT(p, what, ...)                                                                      \
    do {                                                                                          \
        if (!(what)) {                                                                            \
            char expect_text[512];                                                                \
            snprintf(expect_text, sizeof(expect_text), __VA_ARGS__);                              \
            ck_abort_msg("%s:%u (%s): %s", (p)->file, (p)->line, way_name((p)->way),              \
                         expect_text);                                                            \
        }                                                                                         \
    } while (0)

/* ---- sessions ---- */

static unsigned
number_in(const char *settings, const char *name, unsigned otherwise)
{
    const char *at = strstr(settings, name);

    return at != NULL ? (unsigned)strtoul(at + strlen(name), NULL, 0) : otherwise;
}

/* Names of operations that transcripts take away. */
static const struct {
    const char *name;
    size_t offset;
} operations[] = {
#define OPERATION(op)                                                                             \
    {                                                                                             \
#op, offsetof(struct stub_target, op)                                                     \
    }
    OPERATION(next_thread),  OPERATION(thread_info),  OPERATION(read_memory),
    OPERATION(write_memory), OPERATION(get_register), OPERATION(put_register),
    OPERATION(insert),       OPERATION(remove),       OPERATION(host_info),
    OPERATION(process_info), OPERATION(stop_of),      OPERATION(auxv),
    OPERATION(region),       OPERATION(why),          OPERATION(interrupt),
    OPERATION(stop_mode),    OPERATION(want_events),  OPERATION(want_of_thread),
    OPERATION(find_thread),
};

static void
take_away(struct play *p, const char *name)
{
    void (*none)(void) = NULL;

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(operations[i].name, name) == 0) {
            memcpy((uint8_t *)&p->wire.fake.ops + operations[i].offset, &none, sizeof(none));
            return;
        }
    }
    EXPECT(p, false, "no operation %s to take away", name);
}

static void
ready(struct play *p)
{
    unsigned flags = (strstr(p->settings, "lossy") != NULL ? STUB_UNRELIABLE : 0u) |
                     (strstr(p->settings, "lldb") != NULL ? STUB_LLDB : 0u);

    const struct stub_family *const *packets = stub_all_packets;

    if (p->open)
        return;
    if (strstr(p->settings, "embedded") != NULL)
        packets = stub_embedded_packets;
    if (strstr(p->settings, "lending") != NULL)
        packets = stub_lending_packets;
    if (strstr(p->settings, "minimal") != NULL)
        packets = stub_minimal_packets;
    if (strstr(p->settings, "gdb-only") != NULL)
        packets = stub_gdb_packets;
    wire_open_with(&p->wire, packets, number_in(p->settings, "threads=", 3),
                   number_in(p->settings, "buffer=", 0x1000), flags, 0);
    p->open = true;
    p->sessions++;
    p->wire.piece = p->way == BYTEWISE ? 1 : 0;
    p->wire.fake.late = p->way == LATE || strstr(p->settings, "late") != NULL;
    p->wire.fake.ops.top = number_in(p->settings, "top=", 0);
    p->wire.fake.all_or_nothing = strstr(p->settings, "whole-reads") != NULL;
    if (strstr(p->settings, "board") != NULL) {
        p->wire.fake.ops.memory_map = fake_memory_map;
        p->wire.fake.ops.flash_erase = fake_flash_erase;
        p->wire.fake.ops.flash_write = fake_flash_write;
        p->wire.fake.ops.flash_done = fake_flash_done;
        p->wire.fake.ops.file_answer = fake_file_answer;
    }
    for (unsigned i = 0; i < p->taken_count; i++)
        take_away(p, p->taken[i]);
    if (p->way == NO_ACK && (flags & STUB_UNRELIABLE) == 0 && packets != stub_minimal_packets &&
        packets != stub_gdb_packets) {
        const char *said = wire_ask(&p->wire, "QStartNoAckMode");

        EXPECT(p, said != NULL && strcmp(said, "OK") == 0, "no no-ack mode");
        p->wire.no_ack = true;
    }
}

static void
end_session(struct play *p)
{
    if (!p->open)
        return;
    EXPECT(p, !wire_hear(&p->wire), "something more is said: %.200s", (char *)p->wire.body);
    EXPECT(p, p->wire.naks == 0 || strstr(p->settings, "naks") != NULL, "a NAK");
    wire_close(&p->wire);
    p->open = false;
    p->taken_count = 0;
}

/* ---- what a line says ---- */

static void
expect_frame(struct play *p, char *text, bool pattern)
{
    bool said = wire_hear(&p->wire);
    size_t n = unescape(text);
    bool same = said && (pattern ? matches(text, n, p->wire.body, p->wire.size)
                                 : n == p->wire.size && memcmp(text, p->wire.body, n) == 0);

    EXPECT(p, said, "silence, not %.200s", text);
    EXPECT(p, same, "%.200s, not %.200s", (char *)p->wire.body, text);
}

static enum stub_reason
reason_named(const char *name)
{
    static const char *const names[] = {
        "none",   "signal",        "trace",          "swbreak", "hwbreak", "watch",
        "rwatch", "awatch",        "exec",           "fork",    "vfork",   "vforkdone",
        "clone",  "syscall_entry", "syscall_return", "library", "created",
    };
    unsigned i = 0;

    while (i < sizeof(names) / sizeof(names[0]) - 1 && strcmp(names[i], name) != 0)
        i++;
    return (enum stub_reason)i;
}

static void
news(struct play *p, char *text)
{
    struct fake *f = &p->wire.fake;
    char reason[32] = "";
    unsigned tid = 0, number = 0;
    unsigned long address = 0;

    if (sscanf(text, "stop %x %31s %u %lx", &tid, reason, &number, &address) >= 3) {
        fake_stop(f, (int64_t)tid, reason_named(reason), (int)number, address);
    } else if (sscanf(text, "exit %u", &number) == 1) {
        fake_exit(f, (int)number);
    } else if (strncmp(text, "wish ", 5) == 0) {
        fake_wish(f, text + 5);
    } else if (strncmp(text, "got ", 4) == 0) {
        char got[64];

        snprintf(got, sizeof(got), "%d %u", (int)f->file_result, f->file_error);
        EXPECT(p, strcmp(got, text + 4) == 0, "the target was answered %s", got);
        return;
    } else if (strncmp(text, "print ", 6) == 0) {
        fake_print(f, text + 6);
    } else if (strncmp(text, "args ", 5) == 0) {
        EXPECT(p, strcmp(f->args, text + 5) == 0, "the target was given %s", f->args);
        return;
    } else if (sscanf(text, "wants %x", &number) == 1) {
        EXPECT(p, f->events == number, "the target was asked for events %x", f->events);
        return;
    } else if (strncmp(text, "option ", 7) == 0) {
        EXPECT(p, strcmp(f->option, text + 7) == 0, "the target was given %s", f->option);
        return;
    } else if (strcmp(text, "appears") == 0) {
        f->appeared = true;
    } else if (strcmp(text, "nothing") != 0) {
        EXPECT(p, false, "what is %s", text);
    }
    wire_ring(&p->wire);
}

/* What stands behind a mark and its blank. */
static char *
rest_of(char *line, size_t mark)
{
    return line[mark] == ' ' ? line + mark + 1 : line + mark;
}

static void
play_line(struct play *p, char *line)
{
    if (line[0] == '#' || line[0] == '\0')
        return;
    if (line[0] == '=') {
        end_session(p);
        snprintf(p->settings, sizeof(p->settings), "%s", rest_of(line, 1));
        return;
    }
    if (STUB_PLAIN && strstr(p->settings, "gdb-only") == NULL)
        return;
    if (line[0] == '-') {
        EXPECT(p, !p->open && p->taken_count < 8, "an operation is taken too late");
        snprintf(p->taken[p->taken_count++], 32, "%s", rest_of(line, 1));
        return;
    }
    ready(p);
    if (strncmp(line, ">>", 2) == 0) {
        char *text = rest_of(line, 2);

        wire_send_raw(&p->wire, text, unescape(text));
    } else if (line[0] == '>') {
        char *text = rest_of(line, 1);

        wire_send(&p->wire, text, unescape(text));
    } else if (strncmp(line, "<~", 2) == 0) {
        EXPECT(p, !wire_hear(&p->wire), "not silence but %.200s", (char *)p->wire.body);
    } else if (line[0] == '<') {
        expect_frame(p, rest_of(line, line[1] == '*' && line[2] == ' ' ? 2 : 1),
                     line[1] == '*' && line[2] == ' ');
    } else if (line[0] == '!') {
        news(p, rest_of(line, 1));
    } else {
        EXPECT(p, false, "what is %s", line);
    }
}

/* ---- files ---- */

static int
is_transcript(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 4 && strcmp(entry->d_name + n - 4, ".rsp") == 0;
}

/* Calls `each` for every line of every transcript, and with NULL behind each file. */
static unsigned
read_all(void (*each)(void *context, const char *file, unsigned number, char *line), void *context)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_transcript, alphasort);
    static char line[1 << 16];

    ck_assert_msg(count > 0, "no transcripts in %s", folder);
    for (int i = 0; i < count; i++) {
        char path[512];
        unsigned number = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        file = fopen(path, "r");
        ck_assert_msg(file != NULL, "cannot read %s", path);
        while (fgets(line, sizeof(line), file) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            each(context, path, ++number, line);
        }
        each(context, path, number, NULL);
        fclose(file);
        free(names[i]);
    }
    free(names);
    return (unsigned)count;
}

static void
play_each(void *context, const char *file, unsigned number, char *line)
{
    struct play *p = context;

    p->file = file;
    p->line = number;
    if (line != NULL) {
        play_line(p, line);
        return;
    }
    end_session(p);
    p->settings[0] = '\0';
}

static void
play_all(enum way way)
{
    struct play *p = calloc(1, sizeof(*p));

    p->way = way;
    read_all(play_each, p);
    ck_assert_uint_gt(p->sessions, 2);
    free(p);
}

START_TEST(transcripts_play)
{
    play_all(WHOLE);
}
END_TEST

START_TEST(transcripts_play_byte_by_byte)
{
    play_all(BYTEWISE);
}
END_TEST

START_TEST(transcripts_play_with_a_late_target)
{
    play_all(LATE);
}
END_TEST

START_TEST(transcripts_play_without_acks)
{
    play_all(NO_ACK);
}
END_TEST

/* ---- every row has a transcript ---- */

struct coverage {
    const struct engine *engine;
    const struct stub_row *seen[256];
    unsigned count;
};

static void
note_row(void *context, const char *file, unsigned number, char *line)
{
    struct coverage *c = context;
    struct rsp_in body;
    size_t n;

    (void)file;
    (void)number;
    if (line == NULL || line[0] != '>' || line[1] == '>')
        return;
    line = rest_of(line, 1);
    n = unescape(line);
    body = rsp_in_from(line, n);
    if (c->count < 256)
        c->seen[c->count] = stub_find_row(c->engine, &body);
    for (unsigned i = 0; i < c->count; i++)
        if (c->seen[i] == c->seen[c->count])
            return;
    c->count++;
}

START_TEST(every_row_has_a_transcript)
{
    struct wire *w = wire_new(1, 0x1000, 0);
    struct coverage c = { .engine = ENGINE_OF(&w->stub) };
    const struct stub_row *row;
    unsigned family = 0, i = 0, at;

    read_all(note_row, &c);
    while ((row = stub_next_row(c.engine, &family, &i)) != NULL) {
        if ((row->flags & ROW_WORD) != 0)
            continue;
        for (at = 0; at < c.count && c.seen[at] != row; at++)
            continue;
        ck_assert_msg(at < c.count, "no transcript sends %s", row->name);
    }
    wire_free(w);
}
END_TEST

Suite *
transcripts_suite(void)
{
    Suite *suite = suite_create("transcripts");
    TCase *tc = tcase_create("transcripts");

    tcase_add_test(tc, transcripts_play);
    tcase_add_test(tc, transcripts_play_byte_by_byte);
    if (!STUB_PLAIN) {
        tcase_add_test(tc, transcripts_play_with_a_late_target);
        tcase_add_test(tc, transcripts_play_without_acks);
        tcase_add_test(tc, every_row_has_a_transcript);
    }
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return suite;
}
