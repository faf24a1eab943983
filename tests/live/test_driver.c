/* test_driver.c - see driver.h. */
#define _GNU_SOURCE 1
#include "tests/live/driver.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void
say(void *context, const char *line)
{
    struct drive *d = context;
    snprintf(d->said, sizeof(d->said), "%s", line);
}

static void
mask_child(int how)
{
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(how, &child, NULL);
}

void
drive_open(struct drive *d)
{
    mask_child(SIG_BLOCK); /* for live_await_step */
    d->config.size = sizeof(d->config);
    d->config.say = say;
    d->config.context = d;
    d->live = live_open(&d->config);
    ck_assert_ptr_nonnull(d->live);
    struct stub_config config = {
        .size = sizeof(config),
        .target = &live_target,
        .target_object = d->live,
        .packets = stub_all_packets,
        .input = d->in,
        .output = d->out,
        .input_size = sizeof(d->in),
        .output_size = sizeof(d->out),
    };
    ck_assert(stub_init(&d->stub, &config));
    ck_assert_str_eq(drive_ask(d, "QStartNoAckMode"), "OK");
    stub_feed(&d->stub, (const uint8_t *)"+", 1);
    ck_assert_str_ne(drive_ask(d, "qSupported:swbreak+;hwbreak+;exec-events+;no-resumed+"), "");
}

static uint64_t
entry_of(struct drive *d)
{
    uint8_t bytes[4096];
    char path[64];
    uint64_t words[2];

    snprintf(path, sizeof(path), "/proc/%d/auxv", (int)d->pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : 0;
    close(fd);
    for (size_t i = 0; n > 0 && i + sizeof(words) <= (size_t)n; i += sizeof(words)) {
        memcpy(words, bytes + i, sizeof(words));
        if (words[0] == AT_ENTRY)
            return words[1];
    }
    return 0; /* its first thread is gone: asked for by a live one in the target */
}

static void
set_program(struct drive *d, const char *name)
{
    const char *where = getenv("STUBBORN_PROGS");
    snprintf(d->program, sizeof(d->program), "%s/%s", where != NULL ? where : "build/progs", name);
}

void
drive_launch(struct drive *d, const char *name, const char *a, const char *b)
{
    if (d->live == NULL)
        drive_open(d);
    set_program(d, name);
    char *argv[] = { d->program, (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL };
    int r = live_launch(d->live, argv);
    ck_assert_msg(r == 0, "%s: %d %s", d->program, r, live_why(d->live));
    d->pid = live_pid(d->live);
    d->entry = entry_of(d);
    ck_assert_int_eq(live_target.peek(d->live, STUB_ANY_EVENT, &d->event), 1);
    ck_assert_str_ne(drive_ask(d, "?"), "");
}

pid_t
drive_spawn(struct drive *d, const char *name, const char *a)
{
    int ready[2];
    char byte;

    set_program(d, name);
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        mask_child(SIG_UNBLOCK);
        dup2(ready[1], STDOUT_FILENO);
        close(ready[0]);
        close(ready[1]);
        execl(d->program, d->program, a, NULL);
        _exit(127);
    }
    close(ready[1]);
    ck_assert_msg(read(ready[0], &byte, 1) == 1, "%s did not start", d->program);
    close(ready[0]);
    return pid;
}

void
drive_attach(struct drive *d, pid_t pid)
{
    if (d->live == NULL)
        drive_open(d);
    int r = live_attach(d->live, pid);
    ck_assert_msg(r == 0, "%d %s", r, live_why(d->live));
    d->pid = pid;
    d->entry = entry_of(d);
    ck_assert_int_eq(live_target.peek(d->live, STUB_ANY_EVENT, &d->event), 1);
    ck_assert_str_ne(drive_ask(d, "?"), "");
}

void
drive_close(struct drive *d)
{
    live_close(d->live);
    d->live = NULL;
}

/* ---- packets ---- */

static void
keep_output(struct drive *d, const char *hex)
{
    size_t n = strlen(d->console);
    unsigned byte;

    for (; hex[0] != '\0' && sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        if (n + 1 < sizeof(d->console))
            d->console[n++] = (char)byte;
        d->console_size++;
    }
    d->console[n] = '\0';
}

/* Takes one frame that the engine offers; true when it is the answer to what was asked. */
static bool
take_reply(struct drive *d)
{
    size_t n;
    const uint8_t *bytes = stub_output(&d->stub, &n);
    const uint8_t *from = n > 0 ? memchr(bytes, '$', n) : NULL;
    bool notice = n > 0 && bytes[0] == '%';

    if (n == 0)
        return false;
    if (notice)
        from = bytes;
    const uint8_t *to = from != NULL ? memchr(from, '#', (size_t)(bytes + n - from)) : NULL;
    ck_assert_msg(from == NULL || to != NULL, "half a frame");
    d->reply[0] = '\0';
    if (from != NULL)
        snprintf(d->reply, sizeof(d->reply), "%.*s", (int)(to - from - !notice),
                 (const char *)from + !notice);
    stub_sent(&d->stub, n);
    if (from == NULL)
        return false;
    if (d->reply[0] == 'O' && strcmp(d->reply, "OK") != 0) {
        keep_output(d, d->reply + 1);
        return false;
    }
    return true;
}

static uint64_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
send_text(struct drive *d, const char *body)
{
    uint8_t frame[1024];
    size_t n = strlen(body);

    ck_assert(n + RSP_FRAME_EXTRA < sizeof(frame));
    memcpy(frame + 1, body, n);
    n = rsp_frame_close(frame, n, '$');
    d->reply[0] = '\0';
    ck_assert_uint_eq(stub_feed(&d->stub, frame, n), n);
}

void
drive_send(struct drive *d, const char *format, ...)
{
    char body[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(body, sizeof(body), format, args);
    va_end(args);
    send_text(d, body);
}

const char *
drive_wait(struct drive *d, unsigned ms)
{
    uint64_t end = now_ms() + ms;

    do {
        struct stub_event event;
        if (live_target.peek(d->live, STUB_ANY_EVENT, &event) == 1 && event.kind != STUB_OUTPUT)
            d->event = event;
        if (take_reply(d))
            return d->reply;
        if (live_is_stepping(d->live) ? live_await_step(d->live) : live_poll(d->live)) {
            if (live_target.peek(d->live, STUB_ANY_EVENT, &event) == 1 &&
                event.kind != STUB_OUTPUT)
                d->event = event;
            stub_doorbell(&d->stub);
        } else {
            nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
        }
    } while (now_ms() < end);
    return "";
}

const char *
drive_ask(struct drive *d, const char *format, ...)
{
    char body[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(body, sizeof(body), format, args);
    va_end(args);
    send_text(d, body);
    return drive_wait(d, PATIENCE_MS);
}

/* ---- symbols ---- */

static uint8_t *
load(const char *path, size_t *size)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    ck_assert_msg(fd >= 0 && fstat(fd, &st) == 0, "%s", path);
    uint8_t *bytes = malloc((size_t)st.st_size);
    ck_assert_int_eq(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    *size = (size_t)st.st_size;
    return bytes;
}

static uint64_t
symbol_in(const uint8_t *elf, const char *name)
{
    Elf64_Ehdr h;
    Elf64_Shdr table, strings;

    memcpy(&h, elf, sizeof(h));
    for (unsigned i = 0; i < h.e_shnum; i++) {
        memcpy(&table, elf + h.e_shoff + i * sizeof(table), sizeof(table));
        if (table.sh_type != SHT_SYMTAB)
            continue;
        memcpy(&strings, elf + h.e_shoff + table.sh_link * sizeof(strings), sizeof(strings));
        for (uint64_t at = 0; at < table.sh_size; at += sizeof(Elf64_Sym)) {
            Elf64_Sym s;
            memcpy(&s, elf + table.sh_offset + at, sizeof(s));
            if (strcmp((const char *)elf + strings.sh_offset + s.st_name, name) == 0)
                return s.st_value;
        }
    }
    ck_abort_msg("no symbol %s", name);
    return 0;
}

uint64_t
drive_symbol(struct drive *d, const char *name)
{
    size_t size;
    uint8_t *elf = load(d->program, &size);
    Elf64_Ehdr h;

    memcpy(&h, elf, sizeof(h));
    uint64_t value = symbol_in(elf, name);
    free(elf);
    return value + (d->entry - h.e_entry);
}

/* ---- the target ---- */

void *
drive_process(struct drive *d)
{
    return live_target.process(d->live, d->pid);
}

uint64_t
drive_get(struct drive *d, const char *symbol, unsigned size)
{
    uint64_t v = 0;
    size_t n = 0;

    ck_assert(live_target.read_memory(drive_process(d), drive_symbol(d, symbol), &v, size, &n));
    ck_assert_uint_eq(n, size);
    return v;
}

static void
find_register(struct drive *d, const char *name, struct arch_register *r)
{
    ck_assert(arch_register_named(live_target.layout(d->live, d->pid), name, strlen(name), r));
}

uint64_t
drive_register(struct drive *d, int64_t tid, const char *name)
{
    struct arch_register r;
    uint8_t value[ARCH_SIZE_MAX] = { 0 };
    uint64_t v;

    find_register(d, name, &r);
    int e = live_target.get_register(d->live, (struct rsp_id){ d->pid, tid }, &r, value);
    ck_assert_int_eq(e, 0);
    memcpy(&v, value, sizeof(v));
    return v;
}

bool
drive_set_register(struct drive *d, int64_t tid, const char *name, uint64_t v)
{
    struct arch_register r;
    uint8_t value[ARCH_SIZE_MAX] = { 0 };

    find_register(d, name, &r);
    memcpy(value, &v, sizeof(v));
    return live_target.put_register(d->live, (struct rsp_id){ d->pid, tid }, &r, value) == 0;
}

int
drive_insert(struct drive *d, unsigned type, uint64_t address, uint32_t kind)
{
    struct stub_point point = { .type = (uint8_t)type, .address = address, .kind = kind };
    return live_target.insert(drive_process(d), &point);
}

int
drive_remove(struct drive *d, unsigned type, uint64_t address, uint32_t kind)
{
    struct stub_point point = { .type = (uint8_t)type, .address = address, .kind = kind };
    return live_target.remove(drive_process(d), &point);
}

void
drive_break_at(struct drive *d, const char *symbol)
{
    ck_assert_int_eq(drive_insert(d, STUB_POINT_SOFTWARE, drive_symbol(d, symbol), 1), 0);
}

bool
drive_hits(struct drive *d, const char *symbol)
{
    drive_ask(d, "vCont;c");
    return d->event.kind == STUB_STOPPED && d->event.reason == STUB_SWBREAK &&
           drive_register(d, d->event.id.tid, "rip") == drive_symbol(d, symbol);
}

void
drive_pass(struct drive *d, int signal)
{
    uint8_t list[32] = { 0 };

    list[signal / 8] = (uint8_t)(1 << (signal % 8));
    live_target.signals(d->live, STUB_PASS_SIGNALS, list);
}

void
drive_nap(unsigned ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

unsigned
drive_threads(struct drive *d)
{
    struct rsp_id id = { 0, 0 };
    unsigned n = 0;

    while (live_target.next_thread(d->live, &id) == 1)
        n++;
    return n;
}

int
drive_raw_byte(pid_t pid, uint64_t address)
{
    char path[64];
    uint8_t byte = 0;

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? pread(fd, &byte, 1, (off_t)address) : -1;
    close(fd);
    return n == 1 ? byte : -1;
}

char
drive_state(pid_t pid)
{
    char path[64], text[512] = "";

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *at = n > 0 ? strrchr(text, ')') : NULL;
    return at != NULL ? at[2] : '\0';
}

bool
drive_becomes(pid_t pid, const char *states)
{
    for (unsigned i = 0; i < PATIENCE_MS; i++) {
        char state = drive_state(pid);
        if (state != '\0' && strchr(states, state) != NULL)
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    return false;
}
