/* hosts.c - addresses of hosts for the static binary: numbers, /etc/hosts, and DNS where there is
 * an /etc/resolv.conf. glibc's own getaddrinfo loads shared objects to answer, which such a binary
 * must not need. The linker takes these instead of libc's, so callers are the same.
 *
 * Ports are numbers, and of the hints only the family, the kind of socket and AI_PASSIVE count:
 * that is what net.c and peer.c ask for. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* An entry and its address, freed as one. */
struct entry {
    struct addrinfo info;
    union address address;
};

struct search {
    int family, type; /* as asked for; AF_UNSPEC is either */
    in_port_t port;   /* in network order */
    struct addrinfo *first, **end;
    int error; /* EAI_...: why nothing was found */
};

/* ---- the list ---- */

/* Appends a host's address, 4 or 16 bytes, if its family is one that was asked for. */
static void
add(struct search *s, int family, const void *bytes, uint32_t scope)
{
    struct entry *e;

    if (s->family != AF_UNSPEC && s->family != family)
        return;
    e = calloc(1, sizeof(*e));
    if (e == NULL) {
        s->error = EAI_MEMORY;
        return;
    }
    e->address.any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        e->address.v4.sin_port = s->port;
        memcpy(&e->address.v4.sin_addr, bytes, 4);
    } else {
        e->address.v6.sin6_port = s->port;
        e->address.v6.sin6_scope_id = scope;
        memcpy(&e->address.v6.sin6_addr, bytes, 16);
    }
    e->info.ai_family = family;
    e->info.ai_socktype = s->type;
    e->info.ai_addr = &e->address.any;
    e->info.ai_addrlen = family == AF_INET ? sizeof(e->address.v4) : sizeof(e->address.v6);
    *s->end = &e->info;
    s->end = &e->info.ai_next;
}

void
freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;

        free(list); /* the first member of its struct entry */
        list = next;
    }
}

/* ---- where names are looked up ---- */

static void
add_any(struct search *s, bool passive)
{
    struct in_addr v4 = { .s_addr = htonl(passive ? INADDR_ANY : INADDR_LOOPBACK) };

    add(s, AF_INET, &v4, 0);
    add(s, AF_INET6, passive ? &in6addr_any : &in6addr_loopback, 0);
}

/* True if text is an address: 127.0.0.1, ::1, fe80::1%eth0. */
static bool
add_number(struct search *s, const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    char number[INET6_ADDRSTRLEN];
    const char *scope = strchrnul(text, '%');

    if (inet_aton(text, &v4)) {
        add(s, AF_INET, &v4, 0);
        return true;
    }
    if ((size_t)(scope - text) >= sizeof(number))
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)(scope - text), text);
    if (inet_pton(AF_INET6, number, &v6) != 1)
        return false;
    add(s, AF_INET6, &v6, *scope != '\0' ? if_nametoindex(scope + 1) : 0);
    return true;
}

/* A line of hosts(5): an address, then names. */
static void
read_hosts_line(struct search *s, char *line, const char *host)
{
    char *rest = line, *address, *name;

    line[strcspn(line, "#\n")] = '\0';
    do
        address = strsep(&rest, " \t");
    while (address != NULL && *address == '\0');
    while ((name = strsep(&rest, " \t")) != NULL) {
        if (strcasecmp(name, host) == 0) {
            (void)add_number(s, address);
            return;
        }
    }
}

static void
add_from_hosts(struct search *s, const char *host)
{
    FILE *file = fopen("/etc/hosts", "re");
    char *line = NULL;
    size_t size = 0;

    while (file != NULL && getline(&line, &size, file) > 0)
        read_hosts_line(s, line, host);
    free(line);
    if (file != NULL)
        fclose(file);
}

/* Asks the name servers of resolv.conf(5) for records of one type. */
static void
add_from_dns(struct search *s, const char *host, ns_type type, int family)
{
    unsigned char answer[NS_MAXMSG];
    ns_msg message;
    ns_rr record;
    int size;

    if (s->family != AF_UNSPEC && s->family != family)
        return;
    size = res_search(host, ns_c_in, (int)type, answer, sizeof(answer));
    if (size < 0 && h_errno == TRY_AGAIN)
        s->error = EAI_AGAIN;
    if (size < 0 || ns_initparse(answer, size, &message) != 0)
        return;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == type &&
            ns_rr_rdlen(record) == (family == AF_INET ? 4 : 16))
            add(s, family, ns_rr_rdata(record), 0);
    }
}

static void
look_up(struct search *s, const char *host)
{
    add_from_hosts(s, host);
    if (s->first != NULL || access("/etc/resolv.conf", R_OK) != 0)
        return;
    add_from_dns(s, host, ns_t_a, AF_INET);
    add_from_dns(s, host, ns_t_aaaa, AF_INET6);
}

int
getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
            struct addrinfo **list)
{
    struct search s = { .family = hints->ai_family,
                        .type = hints->ai_socktype,
                        .error = EAI_NONAME };

    s.port = htons((uint16_t)strtoul(port, NULL, 10));
    s.end = &s.first;
    if (host == NULL)
        add_any(&s, (hints->ai_flags & AI_PASSIVE) != 0);
    else if (!add_number(&s, host))
        look_up(&s, host);
    *list = s.first;
    return s.first != NULL ? 0 : s.error;
}

/* ---- and the other way: numbers only ---- */

int
getnameinfo(const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size,
            char *port, socklen_t port_size, int flags)
{
    union address a = { 0 };
    bool v6 = address->sa_family == AF_INET6;

    (void)flags; /* NI_NUMERICHOST and NI_NUMERICSERV are what is done */
    if (address->sa_family != AF_INET && !v6)
        return EAI_FAMILY;
    memcpy(&a, address, size < sizeof(a) ? size : sizeof(a));
    if (inet_ntop(address->sa_family, v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr, host,
                  host_size) == NULL)
        return EAI_OVERFLOW;
    snprintf(port, port_size, "%u", ntohs(v6 ? a.v6.sin6_port : a.v4.sin_port));
    return 0;
}
