/* program.h - what the program's files share: a session and those who work on it. Private. */
#ifndef STUB_PROGRAM_H
#define STUB_PROGRAM_H

#include <signal.h>

#include "stub/host/host.h"
#include "stub/live/live.h"
#include "stub/program/log.h"
#include "stub/program/net.h"
#include "stub/program/options.h"
#include "stub/program/spin.h"
#include "stub/stub.h"

struct program_session {
    const struct program_settings *settings;
    struct program_comm comm;
    struct program_listener listener;
    struct program_line line; /* the client, while there is one */
    struct program_log log;
    struct live *live;
    struct host *host;
    struct program_platform *platform; /* NULL: a program is served */
    struct stub_target target;         /* live_target, with gdbserver's words said (words.c) */
    void *object;                      /* the target's */
    const struct stub_family *const *packets;
    struct stub stub;
    struct stub_stacks stacks;

    uint8_t
        *bytes; /* LOOP_BYTES that came from the line; bytes[taken..have) wait for the engine */
    size_t have, taken;
    struct program_spin spin;
    void *buffers;       /* they and the engine's two, see buffers.c */
    bool grown;          /* a large message went through them */
    unsigned small_ones; /* messages since that were small */
    bool line_is_full;   /* the client does not read what we have for it */
    bool replied;        /* the last bytes from the line were answered with a frame */
    bool served;         /* this connection said something in the protocol's language */
    bool over;           /* no program was left for the last client, nor could it start one */
    bool outlasting;     /* no client comes any more, see program_outlast */
    bool exit_wanted;    /* `monitor exit` */
};

/* LOOP_BYTES: the longest request and a bit, in one piece where the line has it in one. */
enum { LOOP_BYTES = 0x21000, PROGRAM_BUFFER = 0x20000 + 64 };

/* The two command lines (argv: what follows the command, NULL at the end). They return the exit
 * status. */
int program_gdbserver(char **argv);
int program_lldb_server(char **argv);
int program_platform(char **argv);
/* bt.c: `stubborn bt`, the same way; needs no session. */
int program_bt(char **argv);
/* core.c: `stubborn --core`, with a session of its own. */
int program_core(char **argv);

/* session.c: opens the line and the program, serves client after client, ends. Returns the exit
 * status. */
int program_serve(const struct program_settings *settings);

/* stacks.c: storage for walking stacks, for as long as we run. False: no memory. */
bool program_open_stacks(struct stub_stacks *stacks);

/* begin.c: launches or attaches to what the command line names. False after saying why not. */
bool program_begin(struct program_session *x);

/* buffers.c: makes x->bytes and the engine's two buffers, PROGRAM_BUFFER each, zeroed. False: no
 * memory. */
bool program_open_buffers(struct program_session *x, uint8_t **input, uint8_t **output);
/* A message of that size came or went. */
void program_note_message(struct program_session *x, size_t size);
/* Gives the pages back after a large message, once many small ones have followed. */
void program_shrink_buffers(struct program_session *x);

/* session.c: writes the port, or the path of a Unix socket, to whatever the command line says.
 * False after saying what fails. */
bool program_tell_place(const struct program_settings *settings,
                        const struct program_listener *listener);

/* loop.c: catches the signals that matter from now on. False when the system refuses. */
bool program_catch_signals(void);
/* True when a signal asked the server to end. */
bool program_must_end(void);
/* Waits for a connection to x->listener, while the program goes on. False: the server must end. */
bool program_await_client(struct program_session *x);
/* Serves the client of x->line until it is gone or nothing is left to serve. */
void program_talk(struct program_session *x);
/* What the program printed and no client was told goes to standard error. */
void program_pass_output(struct program_session *x);
/* Stays until the children that were let go have ended, or the server must, passing their output
 * on. Only while none is debugged. */
void program_outlast(struct program_session *x);

/* words.c: gdbserver's messages, which scripts read. */
void program_say_started(const struct program_session *x);
void program_say_where(const struct program_session *x);
/* That the next client may come. */
void program_say_again(const struct program_session *x);
/* The end that a client was told of last, as a shell has it: 0 to 255, or 128 and the signal. 0
 * when no program has ended by itself. */
int program_told_end(void);
/* Makes x->target from live_target; `aloud` says what becomes of the processes. */
void program_make_target(struct program_session *x, bool aloud);

/* platform.c: makes x->target one that serves the machine; ends that. */
bool program_open_platform(struct program_session *x);
void program_close_platform(struct program_session *x);
/* Serves each client in a process of its own, until the server must end. */
void program_serve_apart(struct program_session *x);

/* monitor.c: `monitor` commands; their context is the session. */
extern const struct stub_command program_commands[];
int program_monitor_bt(void *context, const char *args, struct rsp_out *out); /* monitor_bt.c */

#endif
