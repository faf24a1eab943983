/* fake_start.c - how the fake target's process comes to be: launched, attached to, waited for. */
#include <stdio.h>
#include <string.h>

#include "tests/stub/fake_late.h"

void
fake_start(struct fake *f, bool attached)
{
    f->thread_count = f->wanted;
    f->attached = attached;
    for (unsigned i = 0; i < f->thread_count; i++) {
        struct fake_thread *t = &f->threads[i];

        *t = (struct fake_thread){ .tid = FAKE_PID + (int64_t)i };
        t->stop = (struct stub_event){ .kind = STUB_STOPPED, .id = { FAKE_PID, t->tid } };
        for (unsigned r = 0; r < 5; r++)
            arch_put_uint(&fake_arch, t->registers + 8 * r, 8, (i << 8) + r);
        arch_put_uint(&fake_arch, t->registers + 16, 8, 0x4100);
        arch_put_uint(&fake_arch, t->registers + 24, 8, 0x4080);
        arch_put_uint(&fake_arch, t->registers + 32, 8, 0x1000 + 0x10 * i);
    }
}

static int
launch_now(struct fake *f, const char *args, size_t size)
{
    size_t n = size < sizeof(f->args) ? size : sizeof(f->args) - 1;

    for (size_t i = 0; i < n; i++)
        f->args[i] = args[i] != '\0' ? args[i] : '|';
    f->args[n] = '\0';
    if (strncmp(args, "/bin/none", 9) == 0)
        return fake_fail(f, STUB_ENOENT, "there is no /bin/none");
    fake_start(f, false);
    fake_stop(f, FAKE_PID, STUB_SIGNAL, 5, 0);
    return 0;
}

int
fake_launch(void *target, const char *args, size_t size)
{
    struct fake *f = target;

    DO(f, LAUNCH, fake_sum(args, size), size, 0, launch_now(f, args, size));
}

static int
attach_now(struct fake *f, int64_t pid)
{
    if (pid != FAKE_PID)
        return fake_fail(f, STUB_ESRCH, "no such process; only 16 is there");
    fake_start(f, true);
    fake_stop(f, FAKE_PID, STUB_SIGNAL, 19, 0);
    return 0;
}

int
fake_attach(void *target, int64_t pid)
{
    struct fake *f = target;

    DO(f, ATTACH, pid, 0, 0, attach_now(f, pid));
}

static int
launch_text_now(struct fake *f, const char *program, const char *text)
{
    char args[sizeof(f->args)];
    int n = snprintf(args, sizeof(args), "%s%c<%s>", program, '\0', text);

    return launch_now(f, args, n < 0 ? 0 : (size_t)n);
}

int
fake_launch_text(void *target, const char *program, const char *text)
{
    struct fake *f = target;

    DO(f, LAUNCH, fake_sum(program, strlen(program)), fake_sum(text, strlen(text)), 1,
       launch_text_now(f, program, text));
}

/* "fake" is there, or is started when it appears. */
static int
attach_name_now(struct fake *f, const char *name, enum stub_attach_how how)
{
    if (strcmp(name, "fake") != 0 && how != STUB_ATTACH_OLD)
        return STUB_LATER;
    if (strcmp(name, "fake") != 0)
        return fake_fail(f, STUB_ESRCH, "no process is called that");
    return attach_now(f, FAKE_PID);
}

int
fake_attach_name(void *target, const char *name, enum stub_attach_how how)
{
    struct fake *f = target;

    if (how == STUB_ATTACH_NEW && !f->appeared)
        return STUB_LATER;
    DO(f, ATTACH, fake_sum(name, strlen(name)), how, 1, attach_name_now(f, name, how));
}

static int
option_now(struct fake *f, enum stub_launch_option option, const char *text)
{
    if (option == STUB_STDERR)
        return -STUB_ENOTSUP;
    if (option == STUB_DIRECTORY && strcmp(text, "/none") == 0)
        return fake_fail(f, STUB_ENOENT, "there is no /none");
    snprintf(f->option, sizeof(f->option), "%d %s", (int)option, text);
    return 0;
}

int
fake_launch_option(void *target, enum stub_launch_option option, const char *text)
{
    struct fake *f = target;

    DO(f, OPTION, option, fake_sum(text, strlen(text)), 0, option_now(f, option, text));
}

int
fake_was_attached(void *target, int64_t pid)
{
    struct fake *f = target;

    ASK(f, WAS_ATTACHED, pid, 0, 0);
    return f->attached;
}

int
fake_set_signals(void *target, enum stub_signal_list which, const uint8_t *signals)
{
    struct fake *f = target;

    (void)signals;
    ASK(f, SIGNALS, which, 0, 0);
    return 0;
}
