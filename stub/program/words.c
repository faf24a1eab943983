/* words.c - what is said on standard error: gdbserver's messages, and the lines to paste. */
#define _GNU_SOURCE 1
#include "stub/program/program.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
program_say_started(const struct program_session *x)
{
    int pid = (int)live_pid(x->live);

    if (x->settings->attach)
        fprintf(stderr, "Attached; pid = %d\n", pid);
    else
        fprintf(stderr, "Process %s created; pid = %d\n", x->settings->program[0], pid);
}

void
program_say_again(const struct program_session *x)
{
    fputs("Remote side has terminated connection.  GDBserver will reopen the connection.\n",
          stderr);
    if (x->listener.tcp)
        fprintf(stderr, "Listening on port %u\n", x->listener.port);
}

/* ---- the lines to paste ---- */

/* Prints a word as a shell reads it back. */
static void
say_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:,+@%=";

    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, stderr);
        return;
    }
    putc('\'', stderr);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", stderr);
        else
            putc(*word, stderr);
    }
    putc('\'', stderr);
}

/* The command goes up to where, with the blank or whatever else belongs between them. */
static void
say_line(const struct program_session *x, const char *debugger, const char *option,
         const char *command, const char *where)
{
    fprintf(stderr, "%s ", debugger);
    if (x->settings->program_count > 0 && !x->settings->attach) {
        say_word(x->settings->program[0]);
        putc(' ', stderr);
    }
    fprintf(stderr, "%s \"%s%s\"\n", option, command, where);
}

/* The host as a client names it. */
static void
name_host(const struct program_session *x, char *host, size_t size)
{
    const char *named = x->comm.host;

    if (strcmp(named, "*") == 0 || strcmp(named, "0.0.0.0") == 0 || strcmp(named, "::") == 0) {
        if (gethostname(host, size) != 0)
            snprintf(host, size, "HOST");
        host[size - 1] = '\0';
    } else if (strchr(named, ':')) {
        snprintf(host, size, "[%s]", named);
    } else {
        snprintf(host, size, "%s", *named ? named : "localhost");
    }
}

static void
say_port(const struct program_session *x)
{
    const char *target = x->settings->multi ? "target extended-remote " : "target remote ";
    char host[300], where[320];

    name_host(x, host, sizeof(host));
    snprintf(where, sizeof(where), "%s:%u", host, x->listener.port);
    fprintf(stderr, "Listening on port %u\n", x->listener.port);
    if (x->listener.beyond_loopback)
        fprintf(stderr,
                "This port is open beyond this machine, and whoever reaches it can run anything "
                "as you; localhost:%u keeps it here.\n",
                x->listener.port);
    if (x->settings->platform) {
        fprintf(stderr,
                "lldb -o \"platform select remote-linux\" -o \"platform connect connect://%s\"\n",
                where);
        return;
    }
    say_line(x, "gdb", "-ex", target, where);
    say_line(x, "lldb", "-o", "gdb-remote ", where);
}

static void
say_path(const struct program_session *x)
{
    const char *target = x->settings->multi ? "target extended-remote " : "target remote ";
    char *path = realpath(x->listener.path, NULL);

    fprintf(stderr, "Listening on %s\n", x->listener.path);
    if (!path || x->settings->platform) {
        free(path);
        return;
    }
    say_line(x, "gdb", "-ex", target, path);
    say_line(x, "lldb", "-o", "process connect --plugin gdb-remote unix-connect://", path);
    free(path);
}

void
program_say_where(const struct program_session *x)
{
    if (x->listener.fd < 0)
        return;
    if (x->listener.tcp)
        say_port(x);
    else
        say_path(x);
}

/* ---- what becomes of the processes ---- */

static int
launch(void *target, const char *args, size_t size)
{
    int result = live_target.launch(target, args, size);

    if (result == 0)
        fprintf(stderr, "Process %s created; pid = %d\n", size > 0 && *args ? args : "again",
                (int)live_pid(target));
    return result;
}

static int
launch_text(void *target, const char *program, const char *text)
{
    int result = live_target.launch_text(target, program, text);

    if (result == 0)
        fprintf(stderr, "Process %s created; pid = %d\n", *program ? program : "again",
                (int)live_pid(target));
    return result;
}

static int
attach_name(void *target, const char *name, enum stub_attach_how how)
{
    int result = live_target.attach_name(target, name, how);

    if (result == 0)
        fprintf(stderr, "Attached; pid = %d\n", (int)live_pid(target));
    return result;
}

static int
attach(void *target, int64_t pid)
{
    int result = live_target.attach(target, pid);

    if (result == 0)
        fprintf(stderr, "Attached; pid = %d\n", (int)pid);
    return result;
}

static int
detach(void *target, int64_t pid)
{
    int result = live_target.detach(target, pid);

    if (result == 0)
        fprintf(stderr, "Detaching from process %d\n", (int)pid);
    return result;
}

static int
kill_process(void *target, int64_t pid, bool tell)
{
    int result = live_target.kill(target, pid, tell);

    if (result == 0)
        fprintf(stderr, "Killing process(es): %d\n", (int)pid);
    return result;
}

/* A program has one session. */
static int told_end;
static bool end_said;

int
program_told_end(void)
{
    return told_end;
}

static bool
is_end(const struct stub_event *event)
{
    return event->kind == STUB_EXITED || event->kind == STUB_SIGNALLED;
}

/* The end of a program is said before the client reads of it: a gdb that has the server behind a
 * pipe reads no more of standard error after that. */
static int
peek(void *target, unsigned kinds, struct stub_event *event)
{
    int result = live_target.peek(target, kinds, event);

    if (result != 1 || !is_end(event) || end_said)
        return result;
    end_said = true;
    if (event->kind == STUB_EXITED)
        fprintf(stderr, "\nChild exited with status %d\n", event->status);
    else if (sigabbrev_np(event->signal))
        fprintf(stderr, "\nChild terminated with signal = 0x%x (SIG%s)\n", (unsigned)event->signal,
                sigabbrev_np(event->signal));
    return result;
}

static void
done(void *target, const struct stub_event *event)
{
    int status;

    if (is_end(event) && live_ended(target, &status)) {
        told_end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        end_said = false;
    }
    live_target.done(target, event);
}

void
program_make_target(struct program_session *x, bool aloud)
{
    x->target = live_target;
    if (!aloud)
        return;
    x->target.launch = launch;
    x->target.launch_text = launch_text;
    x->target.attach_name = attach_name;
    x->target.attach = attach;
    x->target.detach = detach;
    x->target.kill = kill_process;
    x->target.peek = peek;
    x->target.done = done;
}
