/* bt_peer.h - a server of the remote serial protocol, asked one thing at a time. Private. */
#ifndef STUB_PROGRAM_BT_PEER_H
#define STUB_PROGRAM_BT_PEER_H

#include "arch/arch.h"
#include "rsp/rsp.h"
#include "stub/program/net.h"

enum { PEER_BUFFER = 0x10000, PEER_OBJECT_MAX = 1 << 20, PEER_PIECE = 512, PEER_PIECES = 256 };

struct bt_peer {
    struct program_line line;
    struct rsp_client client;
    size_t most; /* bytes that one m may ask for */
    unsigned round_trips;
    enum { PEER_THERE, PEER_GONE, PEER_SILENT, PEER_SLOW } lost; /* once: nothing more is asked */
    int64_t deadline;                                            /* of the question, in ms */
    uint8_t first; /* the first byte that ever came, 0 none */
    bool heard;    /* something came since it was asked */
    uint8_t in[PEER_BUFFER], out[4096];
    uint8_t bytes[PEER_BUFFER];
    size_t have, taken; /* bytes[taken..have) came and were not looked at */
    struct peer_piece { /* memory that was read: the target stands still */
        uint64_t at;
        size_t size;
        bool used;
        uint8_t bytes[PEER_PIECE];
    } piece[PEER_PIECES];
    uint64_t next; /* what follows the last answer: who asks for that reads upwards, */
    size_t wanted; /* and gets twice as much each time */
    uint8_t ahead[PEER_BUFFER / 2];
};

/* Connects to COMM and agrees on the protocol. False after saying why on standard error. */
bool peer_open(struct bt_peer *peer, const char *comm);
/* What became of it, in words; NULL while it answers. */
const char *peer_trouble(const struct bt_peer *peer);
/* Lets the target go on and closes. */
void peer_close(struct bt_peer *peer);

/* Asks, and waits for the answer: its body, good until the next call; .bad when there is none. */
struct rsp_in peer_ask(struct bt_peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A whole qXfer object, to be freed, NUL behind it; NULL when the peer has none. */
char *peer_object(struct bt_peer *peer, const char *object, const char *annex, size_t *size);

/* The contract's callback; process is a struct bt_peer *. */
arch_read_memory_fn peer_read_memory;

#endif
