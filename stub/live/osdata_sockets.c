/* osdata_sockets.c - internet-domain sockets for osdata.c (/proc/net/tcp and its like). */
#define _GNU_SOURCE 1
#include "stub/live/osdata.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const char *path, *protocol;
    int family;
};

static const struct table tables[] = {
    { "/proc/net/tcp", "STREAM", AF_INET },
    { "/proc/net/udp", "DGRAM", AF_INET },
    { "/proc/net/tcp6", "STREAM", AF_INET6 },
    { "/proc/net/udp6", "DGRAM", AF_INET6 },
};

/* The kernel's numbers, include/net/tcp_states.h. */
static const char *
state_name(unsigned state)
{
    static const char *const names[] = {
        "CLOSED",    "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
        "TIME_WAIT", "CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING",
    };

    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "UNKNOWN";
}

/* ADDRESS:PORT in hex; an address is words of 32 bits as this machine has them in memory. */
static bool
read_address(const char *field, int family, char *address, size_t size, unsigned *port)
{
    uint32_t words[4] = { 0 };
    size_t count = family == AF_INET ? 1 : 4;

    for (size_t i = 0; i < count; i++) {
        if (sscanf(field + 8 * i, "%8x", &words[i]) != 1)
            return false;
    }
    return sscanf(field + 8 * count, ":%x", port) == 1 &&
           inet_ntop(family, words, address, (socklen_t)size) != NULL;
}

static void
put_socket(FILE *list, const struct table *table, const char *line)
{
    char local_field[64], remote_field[64];
    char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
    unsigned local_port, remote_port, state, uid;

    if (sscanf(line, "%*u: %63s %63s %x %*s %*s %*s %u", local_field, remote_field, &state,
               &uid) != 4 ||
        !read_address(local_field, table->family, local, sizeof(local), &local_port) ||
        !read_address(remote_field, table->family, remote, sizeof(remote), &remote_port))
        return;
    live_osdata_put(list, "local address", "%s", local);
    live_osdata_put(list, "local port", "%u", local_port);
    live_osdata_put(list, "remote address", "%s", remote);
    live_osdata_put(list, "remote port", "%u", remote_port);
    live_osdata_put(list, "state", "%s", state_name(state));
    live_osdata_put(list, "user", "%s", live_osdata_user((uid_t)uid));
    live_osdata_put(list, "family", "%s", table->family == AF_INET ? "INET" : "INET6");
    live_osdata_put(list, "protocol", "%s", table->protocol);
    live_osdata_end(list);
}

static void
put_table(FILE *list, const struct table *table)
{
    FILE *file = fopen(table->path, "re");
    char *line = NULL;
    size_t room = 0;

    while (file != NULL && getline(&line, &room, file) > 0)
        put_socket(list, table, line);
    free(line);
    if (file != NULL)
        fclose(file);
}

void
live_osdata_sockets(FILE *list)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        put_table(list, &tables[i]);
}
