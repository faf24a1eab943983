/* diag.c - whose socket, asked of the kernel itself (sock_diag(7)): for a server in a root without
 * /proc, where peer.c has no tables to read. */
#define _GNU_SOURCE 1
#include "stub/program/net.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

static void
put_address(const struct sockaddr *address, uint32_t words[4], uint16_t *port)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        memcpy(words, &v4.sin_addr, sizeof(v4.sin_addr));
        *port = v4.sin_port;
    } else {
        memcpy(&v6, address, sizeof(v6));
        memcpy(words, &v6.sin6_addr, sizeof(v6.sin6_addr));
        *port = v6.sin6_port;
    }
}

/* One socket, named by both its ends: not a list, so there is one answer. */
static bool
ask(int line, const struct sockaddr *local, const struct sockaddr *remote)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    struct question q = {
        .header = { .nlmsg_len = sizeof(q),
                    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                    .nlmsg_flags = NLM_F_REQUEST },
        .request = { .sdiag_family = (uint8_t)local->sa_family,
                     .sdiag_protocol = IPPROTO_TCP,
                     .idiag_states = UINT32_MAX,
                     .id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } },
    };

    put_address(local, q.request.id.idiag_src, &q.request.id.idiag_sport);
    put_address(remote, q.request.id.idiag_dst, &q.request.id.idiag_dport);
    return sendto(line, &q, sizeof(q), 0, (struct sockaddr *)&kernel, sizeof(kernel)) ==
           (ssize_t)sizeof(q);
}

/* The answer comes before sendto returns, and an error is one too. Only a connection that a
 * process still holds tells its user, as in peer.c. */
static bool
hear(int line, uid_t *uid)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_msg socket;
        uint8_t more[1024];
    } answer;
    ssize_t size = recv(line, &answer, sizeof(answer), MSG_DONTWAIT);

    if (size < (ssize_t)(sizeof(answer.header) + sizeof(answer.socket)) ||
        answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY || answer.socket.idiag_inode == 0)
        return false;
    *uid = answer.socket.idiag_uid;
    return true;
}

bool
program_diag_user(const struct sockaddr *local, const struct sockaddr *remote, uid_t *uid)
{
    int line = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool known;

    if (line < 0)
        return false;
    known = ask(line, local, remote) && hear(line, uid);
    close(line);
    return known;
}
