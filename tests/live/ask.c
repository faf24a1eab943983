/* ask.c - a client of bytes: sends packets, acknowledges the replies, prints their bodies.
 *
 * ask PORT|PATH WORD... A word is a packet's body, with \xNN for bytes that a shell cannot hold;
 * its reply is waited for and printed in one line. Or it is one of
 *     !hello       asks why the program stands, as debuggers do first, and prints nothing
 *     !go:BODY     a packet whose reply is not waited for
 *     !bytes:TEXT  bytes outside frames
 *     !wait        the reply of an earlier !go
 *     !closed      waits until the server hangs up
 *     !run:LINE    runs a shell's line
 *     !reset       ends here with a reset instead of a close
 * In place of a reply: (closed), (late) after a minute, (nak) for a refused frame. */
#include <ctype.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, BODY_MAX = 1 << 18, GONE = -1, LATE = -2 };

static int line;
static unsigned char bytes[4096];
static size_t have, taken;

static int
connect_to(const char *where)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET };
    bool path = strchr(where, '/') != NULL;

    in.sin_port = htons((unsigned short)atoi(where));
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", where);
    line = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    if (path)
        return connect(line, (struct sockaddr *)&un, sizeof(un));
    (void)setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    return connect(line, (struct sockaddr *)&in, sizeof(in));
}

static int
next_byte(void)
{
    struct pollfd fd = { .fd = line, .events = POLLIN };
    ssize_t n;

    if (taken < have)
        return bytes[taken++];
    if (poll(&fd, 1, PATIENCE_MS) != 1)
        return LATE;
    n = recv(line, bytes, sizeof(bytes), 0);
    if (n <= 0)
        return GONE;
    have = (size_t)n;
    taken = 1;
    return bytes[0];
}

static void
put_bytes(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = send(line, text, size, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the reply will be (closed) */
        text += n;
        size -= (size_t)n;
    }
}

static unsigned
digit(char c)
{
    return c <= '9' ? (unsigned)c - '0' : ((unsigned)c | 32) - 'a' + 10;
}

/* Turns \xNN into bytes in place; returns the new size. */
static size_t
unescape(char *text)
{
    size_t in, out = 0, size = strlen(text);

    for (in = 0; in < size; in++, out++) {
        text[out] = text[in];
        if (text[in] != '\\' || in + 3 >= size || text[in + 1] != 'x')
            continue;
        text[out] = (char)(digit(text[in + 2]) << 4 | digit(text[in + 3]));
        in += 3;
    }
    return out;
}

static void
put_packet(char *body)
{
    size_t size = unescape(body), i;
    unsigned sum = 0;
    char end[4];

    for (i = 0; i < size; i++)
        sum += (unsigned char)body[i];
    snprintf(end, sizeof(end), "#%02x", sum & 0xff);
    put_bytes("$", 1);
    put_bytes(body, size);
    put_bytes(end, 3);
}

/* Reads up to the next frame's sum into body. Its size, GONE, LATE, or '-' as a negative number
 * for a refusal. */
static long
get_frame(unsigned char *body)
{
    long size = 0;
    int c;

    while ((c = next_byte()) != '$') {
        if (c < 0 || c == '-')
            return c < 0 ? c : -'-';
    }
    while ((c = next_byte()) != '#' && size < BODY_MAX) {
        if (c < 0)
            return c;
        body[size++] = (unsigned char)c;
    }
    (void)next_byte();
    (void)next_byte();
    put_bytes("+", 1);
    return size;
}

static void
print_reply(bool aloud)
{
    static unsigned char body[BODY_MAX];
    long size, i;

    do
        size = get_frame(body);
    while (size > 1 && body[0] == 'O' && isxdigit(body[1])); /* what the program prints */
    if (!aloud)
        return;
    for (i = 0; i < size; i++)
        printf(isprint(body[i]) ? "%c" : "\\x%02x", body[i]);
    if (size < 0)
        printf("%s", size == GONE ? "(closed)" : size == LATE ? "(late)" : "(nak)");
    putchar('\n');
    fflush(stdout);
}

static void
await_end(void)
{
    int c;

    while ((c = next_byte()) >= 0)
        continue;
    puts(c == GONE ? "(closed)" : "(late)");
}

static void
reset(void)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    (void)setsockopt(line, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(line);
    exit(EXIT_SUCCESS);
}

static char *
behind(char *word, const char *name)
{
    size_t size = strlen(name);

    return strncmp(word, name, size) == 0 ? word + size : NULL;
}

static void
do_word(char *word)
{
    char hello[2];
    char *rest;

    if ((rest = behind(word, "!go:")) != NULL) {
        put_packet(rest);
    } else if ((rest = behind(word, "!bytes:")) != NULL) {
        put_bytes(rest, unescape(rest));
    } else if ((rest = behind(word, "!run:")) != NULL) {
        if (system(rest) != 0)
            puts("(failed)");
    } else if (strcmp(word, "!hello") == 0) {
        put_packet(strcpy(hello, "?"));
        print_reply(false);
    } else if (strcmp(word, "!wait") == 0) {
        print_reply(true);
    } else if (strcmp(word, "!closed") == 0) {
        await_end();
    } else if (strcmp(word, "!reset") == 0) {
        reset();
    } else {
        put_packet(word);
        print_reply(true);
    }
}

int
main(int argc, char **argv)
{
    int i;

    if (argc < 2)
        errx(EXIT_FAILURE, "usage: ask PORT|PATH WORD...");
    if (connect_to(argv[1]) != 0)
        err(EXIT_FAILURE, "%s", argv[1]);
    for (i = 2; i < argc; i++)
        do_word(argv[i]);
    return EXIT_SUCCESS;
}
