/* peer.c - whose socket: the kernel's tables of TCP sockets (proc(5), /proc/net/tcp). */
#define _GNU_SOURCE 1
#include "stub/program/net.h"

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An address of either family; IPv4 as IPv6 writes it (::ffff:a.b.c.d). */
struct place {
    uint8_t bytes[16];
    uint16_t port;
};

struct socket_row {
    struct place local, remote;
    unsigned state;
    uid_t uid;
    unsigned long inode; /* 0: no process has it any more, and uid says nothing */
};

/* States of the kernel's include/net/tcp_states.h. */
enum { STATE_ESTABLISHED = 1, STATE_LISTEN = 10 };

static const uint8_t v4_in_v6[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool
place_of(const struct sockaddr *address, struct place *place)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        memcpy(place->bytes, v4_in_v6, sizeof(v4_in_v6));
        memcpy(place->bytes + 12, &in.sin_addr, 4);
        place->port = ntohs(in.sin_port);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, address, sizeof(in));
        memcpy(place->bytes, &in.sin6_addr, 16);
        place->port = ntohs(in.sin6_port);
        return true;
    }
    return false;
}

static bool
same_place(const struct place *a, const struct place *b)
{
    return a->port == b->port && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
program_is_loopback(const struct sockaddr *address)
{
    static const uint8_t one[16] = { [15] = 1 };
    struct place place;

    if (!place_of(address, &place))
        return false;
    if (memcmp(place.bytes, v4_in_v6, sizeof(v4_in_v6)) == 0)
        return place.bytes[12] == 127;
    return memcmp(place.bytes, one, sizeof(one)) == 0;
}

/* "0100007F" or four of those: words as they lie in memory, printed as numbers. */
static bool
read_address(const char *hex, uint8_t *bytes)
{
    size_t size = strlen(hex), i;

    if (size != 8 && size != 32)
        return false;
    if (size == 8)
        memcpy(bytes, v4_in_v6, sizeof(v4_in_v6));
    for (i = 0; i < size / 8; i++) {
        char digits[9] = { 0 };
        uint32_t word;

        memcpy(digits, hex + 8 * i, 8);
        word = (uint32_t)strtoul(digits, NULL, 16);
        memcpy(bytes + (size == 8 ? 12 : 4 * i), &word, 4);
    }
    return true;
}

static bool
read_row(const char *line, struct socket_row *row)
{
    char local[33], remote[33];
    unsigned local_port, remote_port, uid;

    if (sscanf(line,
               " %*u: %32[0-9A-Fa-f]:%4x %32[0-9A-Fa-f]:%4x %2x %*x:%*x %*x:%*x %*x %u %*u %lu",
               local, &local_port, remote, &remote_port, &row->state, &uid, &row->inode) != 7)
        return false;
    row->local.port = (uint16_t)local_port;
    row->remote.port = (uint16_t)remote_port;
    row->uid = uid;
    return read_address(local, row->local.bytes) && read_address(remote, row->remote.bytes);
}

/* Walks the tables until wanted says yes; row is that one then. */
static bool
find_row(bool (*wanted)(const struct socket_row *row, const void *what), const void *what,
         struct socket_row *row)
{
    static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };
    bool found = false;
    char line[512];
    size_t i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && !found; i++) {
        FILE *f = fopen(tables[i], "re");

        while (f && !found && fgets(line, sizeof(line), f))
            found = read_row(line, row) && wanted(row, what);
        if (f)
            fclose(f);
    }
    return found;
}

/* Only a connection that a process still holds tells its user: the kernel shows an orphan, whose
 * owner closed it at once, as root's. */
static bool
is_peer(const struct socket_row *row, const void *what)
{
    const struct place *places = what;

    return row->state == STATE_ESTABLISHED && row->inode != 0 &&
           same_place(&row->local, &places[0]) && same_place(&row->remote, &places[1]);
}

bool
program_peer_user(int fd, uid_t *uid)
{
    struct sockaddr_storage peer = { 0 }, self = { 0 };
    socklen_t peer_size = sizeof(peer), self_size = sizeof(self);
    struct place places[2];
    struct socket_row row;

    if (getpeername(fd, (struct sockaddr *)&peer, &peer_size) != 0 ||
        getsockname(fd, (struct sockaddr *)&self, &self_size) != 0)
        return false;
    if (!place_of((struct sockaddr *)&peer, &places[0]) ||
        !place_of((struct sockaddr *)&self, &places[1]))
        return false;
    if (access("/proc/net/tcp", R_OK) != 0)
        return program_diag_user((struct sockaddr *)&peer, (struct sockaddr *)&self, uid);
    if (!find_row(is_peer, places, &row))
        return false;
    *uid = row.uid;
    return true;
}

static bool
listens_at(const struct socket_row *row, const void *what)
{
    return row->state == STATE_LISTEN && row->local.port == *(const uint16_t *)what;
}

static bool
holds_socket(const char *pid, unsigned long inode)
{
    char path[288], wish[64], link[64];
    bool found = false;
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    snprintf(wish, sizeof(wish), "socket:[%lu]", inode);
    dir = opendir(path);
    while (dir && !found && (entry = readdir(dir)) != NULL) {
        ssize_t size = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

        if (size < 0)
            continue;
        link[size] = '\0';
        found = strcmp(link, wish) == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void
name_of_process(const char *pid, char *name, size_t size)
{
    char path[288];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%s/comm", pid);
    f = fopen(path, "re");
    if (!f || !fgets(name, (int)size, f))
        snprintf(name, size, "a process");
    name[strcspn(name, "\n")] = '\0';
    if (f)
        fclose(f);
}

bool
program_port_holder(uint16_t port, char *name, size_t size, pid_t *pid)
{
    struct socket_row row;
    bool found = false;
    struct dirent *entry;
    DIR *dir;

    if (!find_row(listens_at, &port, &row))
        return false;
    dir = opendir("/proc");
    while (dir && !found && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !holds_socket(entry->d_name, row.inode))
            continue;
        found = true;
        *pid = atoi(entry->d_name);
        name_of_process(entry->d_name, name, size);
    }
    if (dir)
        closedir(dir);
    return found;
}

void
program_address_text(const struct sockaddr *address, socklen_t size, char *host, size_t host_size,
                     char *port, size_t port_size)
{
    if (getnameinfo(address, size, host, (socklen_t)host_size, port, (socklen_t)port_size,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        return;
    snprintf(host, host_size, "unknown");
    snprintf(port, port_size, "0");
}
