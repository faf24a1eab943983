/* options.h - what the command line said, and the option tables it is read by. Private. */
#ifndef STUB_PROGRAM_OPTIONS_H
#define STUB_PROGRAM_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* What becomes of the program when the client vanishes (or the server is told to end). */
enum program_policy { POLICY_DEFAULT, POLICY_STOP, POLICY_RESUME, POLICY_KILL };

struct program_settings {
    const struct program_mode *mode;
    const char *comm; /* the line, as the user wrote it; NULL: none */
    char **program;   /* program and arguments, NULL at the end; or the PID behind --attach */
    int program_count;
    pid_t pid; /* to attach to; 0 none */
    bool attach;
    bool once, multi;
    bool any_user;
    bool debug;
    bool unreliable;
    size_t frame_size; /* longest frame; 0: what the buffers hold */
    bool soft_watch;
    bool randomize; /* leave address space randomization on */
    bool reverse;   /* connect to comm instead of listening there */
    bool set_sid;
    bool capture;          /* the output of the program goes to the client, in O packets */
    int fd;                /* the client's line, already open; -1 none */
    int port_fd;           /* where to write the port, digits and a NUL; -1 none */
    const char *port_pipe; /* the same, a FIFO's path */
    const char *port_file; /* a file that appears with the port in it */
    const char *log;
    enum program_policy on_disconnect;

    bool shell;              /* programs are started through $SHELL */
    char **wrapper;          /* words of a command to start them behind, NULL at the end */
    const char *attach_name; /* a program's name in place of pid */
    bool wait_for;           /* a process of that name that is still to be started */
    const char *log_format;  /* gdbserver's list: all, none, timestamp */
    const char *without[16]; /* names of packets not to know, NULL at the end */
    unsigned without_count;
    unsigned stop_forms; /* STUB_NO_STOP_THREAD, STUB_ONLY_S */
    char **rest;         /* while a deed runs: the words behind its option */
    bool platform;       /* serve the machine, not a program */
    bool server;         /* client after client, each by a process of its own */
    bool no_shell;       /* no client may run shell commands */
    unsigned first_port; /* of the servers that clients have started; 0 any */
    unsigned end_port;   /* and behind the last */
};

/* One option. Names begin with --; `letter` is a short form ("-S") or NULL. `argument` names what
 * follows, NULL when nothing does; one that may be left out, "[LIST]", follows only a = sign. The
 * deed enters it into s (it may step s->rest past more that it takes) and returns NULL, or what
 * is wrong with the argument, for the user. An argument left out is "". */
struct program_option {
    const char *name;
    const char *letter;
    const char *argument;
    const char *help;
    const char *(*deed)(struct program_settings *s, const char *argument);
};

/* A command line: who is spoken like, how the usage reads, the rows (name NULL at the end). */
struct program_mode {
    const char *command; /* "stubborn gdbserver" */
    const char *usage;   /* lines, each ended */
    const struct program_option *options;
    bool shell; /* programs are started through one unless an option says otherwise */
};

extern const struct program_mode program_gdbserver_mode;
extern const struct program_mode program_lldb_server_mode;
extern const struct program_mode program_platform_mode;
extern const struct program_mode program_core_mode;
/* The options of `stubborn bt`, which are eu-stack's and getopt's to read. */
extern const struct option bt_words[];

/* Reads the arguments behind the command (argv ends with NULL): options, COMM, options again,
 * then the program at the first argument that is none, or behind "--". Strings in s are argv's.
 * False after saying on standard error what is wrong. */
bool program_read_options(const struct program_mode *mode, struct program_settings *s,
                          char **argv);

/* Prints usage and options, from the rows. */
void program_print_help(const struct program_mode *mode, FILE *file);

/* Deeds that tables share. */
const char *program_set_help(struct program_settings *s, const char *argument);
const char *program_set_version(struct program_settings *s, const char *argument);
const char *program_set_once(struct program_settings *s, const char *argument);
const char *program_set_any_user(struct program_settings *s, const char *argument);
const char *program_set_port_file(struct program_settings *s, const char *argument);
const char *program_set_debug_format(struct program_settings *s, const char *argument);
const char *program_set_log(struct program_settings *s, const char *argument);
const char *program_set_debug(struct program_settings *s, const char *argument);
const char *program_set_on_disconnect(struct program_settings *s, const char *argument);
const char *program_set_soft_watch(struct program_settings *s, const char *argument);
const char *program_set_unreliable(struct program_settings *s, const char *argument);

/* Reads a process id into s->pid, or a program's name into s->attach_name. NULL, or what is
 * wrong. */
const char *program_set_process(struct program_settings *s, const char *text);

/* --completion SHELL: prints what completes our command lines there, and ends (completion.c). */
const char *program_set_completion(struct program_settings *s, const char *argument);
/* Accepted and without effect. */
const char *program_ignore(struct program_settings *s, const char *argument);

/* What `stubborn version` and --version print. */
void program_print_version(void);

#endif
