/* net.h - lines to a client: what COMM names, listening, connecting, and who is at the other end.
 * Private to program/. Functions that fail say why on standard error, in one line each, with a
 * remedy. */
#ifndef STUB_PROGRAM_NET_H
#define STUB_PROGRAM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* ---- COMM (comm.c) ---- */

enum program_comm_kind { COMM_STDIO, COMM_TCP, COMM_UNIX, COMM_TTY, COMM_FD };

struct program_comm {
    enum program_comm_kind kind;
    bool connect;     /* reach out instead of listening */
    int family;       /* AF_UNSPEC, AF_INET or AF_INET6 */
    int fd;           /* COMM_FD; -1: the one that was handed over */
    uint16_t port;    /* 0: any free one */
    unsigned speed;   /* of a tty, bits per second; 0: as it is */
    char host[256];   /* without brackets; "" loopback, "*" every address */
    char path[256];   /* of a socket or device */
    const char *text; /* as the user wrote it */
};

/* Reads one of
 *     HOST:PORT  :PORT  PORT  *:PORT  [V6]:PORT  tcp://...  tcp-connect://...  tcp4:  tcp6:
 *     unix:PATH  unix://PATH  unix-connect://PATH  fd://N  fd://
 *     /dev/DEVICE[,SPEED]  DEVICE[,SPEED]  serial:///dev/DEVICE[?baud=SPEED]  -  stdio
 * text is kept. NULL, or what is wrong with it, for the user. */
const char *program_read_comm(const char *text, struct program_comm *comm);

/* ---- lines (net.c) ---- */

/* A connected client. */
struct program_line {
    int in, out;            /* -1 when there is none; the same one for sockets and ttys */
    bool socket;            /* recv and send work */
    bool shared;            /* the file is not ours alone, so it stays a blocking one */
    bool open_to_strangers; /* anybody may have connected: look at the first byte */
    char peer[300];         /* who, for messages */
};

struct program_listener {
    int fd; /* -1 when there is none */
    bool tcp;
    bool any_user;
    uint16_t port;
    bool beyond_loopback;
    char path[256]; /* of a Unix socket, "" otherwise */
    dev_t device;   /* the socket file that is ours to remove */
    ino_t inode;
};

/* Listens where comm says. */
bool program_listen(const struct program_comm *comm, struct program_listener *listener);
/* Takes the next connection that is not refused. True with line; false when none is left to
 * take, which is no error. Never blocks. */
bool program_accept(const struct program_listener *listener, struct program_line *line);
/* Stops listening and removes the socket file. */
void program_unlisten(struct program_listener *listener);

/* Opens a line that needs no waiting: connect, tty, stdio, fd. With stdio, descriptors 0 and 1
 * are /dev/null and standard error afterwards, so that nothing else gets onto the line. */
bool program_open_line(const struct program_comm *comm, struct program_line *line);
void program_close_line(struct program_line *line);

/* ---- sockets that were handed over (handed.c) ---- */

/* The first of them, by LISTEN_PID and LISTEN_FDS, which are taken out of the environment. -1
 * after saying that there is none. */
int program_handed_over(void);
bool program_is_listening(int fd);
/* Takes connections from a socket that listens already. */
bool program_adopt_listener(int fd, struct program_listener *listener);

/* ---- serial lines (tty.c) ---- */

/* Opens a tty raw, at that speed (0: as it is). -1 after saying why. */
int program_open_tty(const char *path, unsigned speed);
bool program_is_speed(unsigned speed);

/* ---- whose socket (peer.c) ---- */

/* True for 127.0.0.0/8, ::1 and the former inside the latter. */
bool program_is_loopback(const struct sockaddr *address);
/* The user at the other end of a TCP connection inside this machine, from the kernel's table of
 * sockets. False when the table has no such connection. */
bool program_peer_user(int fd, uid_t *uid);
/* diag.c: the user of the TCP socket with these two ends, without /proc. False when the kernel
 * knows none or does not say. */
bool program_diag_user(const struct sockaddr *local, const struct sockaddr *remote, uid_t *uid);
/* Which process listens at that port: true with its name and id. */
bool program_port_holder(uint16_t port, char *name, size_t size, pid_t *pid);
/* "127.0.0.1" and the port of an address. */
void program_address_text(const struct sockaddr *address, socklen_t size, char *host,
                          size_t host_size, char *port, size_t port_size);

#endif
