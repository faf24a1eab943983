/* rsp.h - the GDB remote serial protocol's wire: frames, fields, JSON, signal numbers, and the
 * asking side. GDB manual, appendix "Remote Protocol"; LLDB's docs/resources/lldbgdbremote.md.
 *
 * Freestanding: no I/O, no allocation, no globals. The caller owns every struct and buffer and
 * keeps them alive while they are in use; no function keeps a pointer that is not a field of the
 * struct it was given. Bodies are bytes with a length, never NUL-terminated strings. */
#ifndef STUBBORN_RSP_H
#define STUBBORN_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- frames coming in (frame.c; GDB manual, "Overview" and "Packet Acknowledgment") ---- */

enum rsp_event {
    RSP_NONE,         /* every byte was taken and nothing is whole yet */
    RSP_PACKET,       /* rx->len bytes of body stand in rx->buf, unescaped, the checksum right */
    RSP_TOO_LONG,     /* the same, but only the first rx->cap bytes of the body were kept */
    RSP_NOTIFICATION, /* as RSP_PACKET or RSP_TOO_LONG, behind '%' for '$'; never acknowledged */
    RSP_BAD_SUM,      /* a whole frame whose checksum is wrong or not hex, or that ends in half an
                       * escape or has a run of nothing */
    RSP_ACK,          /* '+' */
    RSP_NAK,          /* '-' */
    RSP_INTERRUPT,    /* 0x03 outside a frame */
    RSP_EOT,          /* 0x04 outside a frame: some probes end a transmission with it */
    RSP_NOISE         /* any other byte outside a frame, or a whole notification that is bad */
};

enum {
    RSP_SUM_MAY_BE_0 =
        1u,              /* take "#00" for "no checksum given", as debuggers may in no-ack mode */
    RSP_SUM_IGNORED = 2u /* take any two digits */
};

struct rsp_receiver {
    uint8_t *buf; /* the caller's; the body is collected here */
    uint32_t cap;
    uint32_t len; /* bytes of body so far, or of the whole body after an event */
    /* private */
    void (*runs)(struct rsp_receiver *rx, uint8_t c);
    /* public */
    uint8_t flags; /* RSP_SUM_...; may be changed between frames */
    /* private */
    uint8_t given;
    uint8_t state, sum, last, pending;
    bool cut : 1, bad : 1, notification : 1;
};

/* Prepares rx to collect bodies of up to cap bytes (of 4 GB no more) in buf. */
void rsp_receiver_init(struct rsp_receiver *rx, uint8_t *buf, size_t cap, unsigned flags);

/* Makes rx undo run lengths ('*') from now on: for the side that reads replies (runs.c). */
void rsp_receiver_expand(struct rsp_receiver *rx);

/* Takes bytes up to and including the one that completes an event, stores that event and returns
 * how many were taken (n with RSP_NONE when nothing completed). A '$' inside a frame begins the
 * frame anew. The body of a RSP_PACKET is good until the next call that takes a '$' or '%'. */
size_t rsp_receive(struct rsp_receiver *rx, const uint8_t *bytes, size_t n, enum rsp_event *event);

/* True between a '$' or '%' and the end of that frame. */
bool rsp_receiver_inside(const struct rsp_receiver *rx);

/* ---- frames going out (frame.c) ---- */

enum { RSP_FRAME_EXTRA = 4 }; /* bytes a frame has beside its body: $ # and two digits */

/* Sum of n bytes modulo 256. */
uint8_t rsp_sum(const uint8_t *bytes, size_t n);

/* Closes the frame whose body of len bytes stands at frame + 1: writes lead ('$' or '%') before
 * and the checksum behind it. frame holds len + RSP_FRAME_EXTRA bytes. Returns that length. */
size_t rsp_frame_close(uint8_t *frame, size_t len, char lead);

/* The same for the body that `body` wrote: frame + 1 is its buf, and what its sum is known of is
 * not summed once more. */
struct rsp_out;
size_t rsp_frame_close_out(uint8_t *frame, const struct rsp_out *body, char lead);

/* Shortens a body in place by run lengths ("Overview": n * with counts 3..; never a count that
 * would read as # $ + -, nor '*' after an escape; runs.c). Returns the new length. For serial
 * lines. */
size_t rsp_compress(uint8_t *body, size_t len);

/* How long the beginning of such a body is, at most `most` bytes, that breaks no escape and no run
 * and says a multiple of `each` characters: 2 keeps hex digits in pairs, 1 is for binary data. */
size_t rsp_cut(const uint8_t *body, size_t len, size_t most, unsigned each);

/* ---- the bounded writer (field.c) ----
 * Everything that does not fit sets `cut` and writes nothing of itself, nor does anything after
 * it; so one test at the end is enough. */
struct rsp_out {
    uint8_t *buf;
    size_t cap, len;
    bool cut;
    /* private: the sum of the bytes from sum_from up to sum_end, which were written last in one
     * long stretch, by who went over them anyway. It counts while len is still sum_end. */
    uint8_t sum;
    size_t sum_from, sum_end;
};

struct rsp_out rsp_out_to(uint8_t *buf, size_t cap);
void rsp_put(struct rsp_out *out, char c);
void rsp_put_text(struct rsp_out *out, const char *text);
void rsp_put_bytes(struct rsp_out *out, const void *bytes, size_t n);
/* v in lower-case hex without leading zeros ("0" for 0). */
void rsp_put_hex(struct rsp_out *out, uint64_t v);
/* v in exactly `digits` (1..16) lower-case hex digits, cut off above. */
void rsp_put_hex_wide(struct rsp_out *out, uint64_t v, unsigned digits);
void rsp_put_dec(struct rsp_out *out, uint64_t v);
/* Two hex digits for each byte. bytes may lie in the last n bytes of the room that the digits
 * will take, or further right (in place: byte i is read before digit 2i+1 lands on it). */
void rsp_put_hex_bytes(struct rsp_out *out, const void *bytes, size_t n);
/* Text as hex digits, as O packets, qRcmd answers and lldb's hex strings want it. */
void rsp_put_hex_text(struct rsp_out *out, const char *text);
/* Bytes with # $ } * behind a '}' and xored with 0x20 ("Overview", binary data). The bytes may
 * lie at the very end of the room (the last n of buf's cap bytes); what does not fit whole cuts
 * like everything else. */
void rsp_put_escaped(struct rsp_out *out, const void *bytes, size_t n);

/* As rsp_put_escaped, but writes as many whole escaped bytes as fit, sets no cut, and returns how
 * many of the n bytes were written: for x and vFile:pread. In place as above; the bytes that did
 * not fit are then lost. */
size_t rsp_put_escaped_some(struct rsp_out *out, const void *bytes, size_t n);

/* Takes back what was written behind the first len bytes, and cut with it. */
void rsp_out_back(struct rsp_out *out, size_t len);

/* The bytes still free; 0 when cut. */
size_t rsp_out_room(const struct rsp_out *out);

/* ---- the windowed writer (field.c) ----
 * A generator writes a whole object of any length from its start; only the bytes inside
 * [offset, offset + length) that fit are kept, escaped for the wire. GDB manual, "General Query
 * Packets", qXfer:OBJECT:read. */
struct rsp_window {
    struct rsp_out *out;
    uint64_t offset, end; /* the part wanted */
    uint64_t pos;         /* bytes the generator has written */
    size_t mark;          /* where 'm' or 'l' stands in out */
    bool full;            /* something wanted did not fit: the answer must say 'm' */
};

/* Opens a window on out, which outlives it: one byte is kept for 'm' or 'l', which close writes.
 * offset + length may pass 2^64. Nothing else is written to out until close. */
struct rsp_window rsp_window_open(struct rsp_out *out, uint64_t offset, uint64_t length);
void rsp_window_bytes(struct rsp_window *w, const void *bytes, size_t n);
void rsp_window_text(struct rsp_window *w, const char *text);
/* Text with & < > " ' and the blanks that attributes lose replaced by entities, and what XML
 * cannot hold (other control bytes, bytes that are not UTF-8) by '?', so that a strange file name
 * does not cost the debugger the whole document. Firmware's library knows ASCII only. */
void rsp_window_xml(struct rsp_window *w, const char *text);
void rsp_window_hex(struct rsp_window *w, uint64_t v);
void rsp_window_dec(struct rsp_window *w, uint64_t v);
/* True when no later byte can matter: a generator may stop early. */
bool rsp_window_done(const struct rsp_window *w);
/* Writes 'm' when bytes of the object lie past what was kept, else 'l'. */
void rsp_window_close(struct rsp_window *w);

/* ---- the cursor (field.c) ----
 * Reads fields of a body from left to right. The first thing that is not as asked makes the
 * cursor bad; everything after that yields 0 or false. rsp_take_end is the one test a handler
 * needs. */
struct rsp_in {
    const uint8_t *p, *end;
    bool bad;
};

struct rsp_in rsp_in_from(const void *bytes, size_t n);
/* One to sixteen hex digits (leading zeros beyond that are let pass), either case. More than 64
 * bits are bad, here and in the next two. */
uint64_t rsp_take_hex(struct rsp_in *in);
uint64_t rsp_take_dec(struct rsp_in *in);
/* Exactly `digits` (1..16) hex digits; what follows may be a digit too. */
uint64_t rsp_take_hex_wide(struct rsp_in *in, unsigned digits);
/* c must stand here. */
void rsp_take(struct rsp_in *in, char c);
/* Takes c or text when it stands here, and says so; never makes the cursor bad. */
bool rsp_take_if(struct rsp_in *in, char c);
bool rsp_take_text_if(struct rsp_in *in, const char *text);
/* The next byte, or -1 at the end or when bad; takes nothing. */
int rsp_peek(const struct rsp_in *in);
/* Hex digits in pairs, up to cap bytes into buf, ending at a non-digit or the end; returns the
 * bytes. An odd digit or more than cap bytes is bad. buf may be the digits' own place. */
size_t rsp_take_hex_bytes(struct rsp_in *in, void *buf, size_t cap);
/* Everything up to (not including) the first `stop`, or all; a cursor of its own, bad if in
 * is. */
struct rsp_in rsp_take_until(struct rsp_in *in, char stop);
/* All that is left, as a cursor of its own; in is then at its end. */
struct rsp_in rsp_take_rest(struct rsp_in *in);
size_t rsp_left(const struct rsp_in *in);               /* bytes not taken yet; 0 when bad */
bool rsp_is(const struct rsp_in *in, const char *text); /* the rest equals text */
/* True when everything was taken and nothing was bad. */
bool rsp_take_end(const struct rsp_in *in);
/* The value of a hex digit of either case; -1 of any other byte and of -1. */
int rsp_digit(int c);
/* The length (1..4) of the well-formed UTF-8 character that p begins with, 0 when there is none
 * in these n bytes. */
size_t rsp_utf8(const uint8_t *p, size_t n);

/* A thread, GDB manual "Packets", thread-id syntax. 0 is "any", -1 is "all". */
struct rsp_id {
    int64_t pid, tid;
};

/* `TID`, `pPID`, `pPID.TID`; `pPID` alone means all its threads; without p the pid is `pid`. One
 * thread of all processes (`p-1.5`) is bad, as the manual says. */
struct rsp_id rsp_take_id(struct rsp_in *in, int64_t pid);
/* `pPID.TID` when multiprocess, else `TID`. */
void rsp_put_id(struct rsp_out *out, struct rsp_id id, bool multiprocess);

/* ---- JSON for lldb's j packets (json.c) ----
 * Written without blanks and with the wire's escape ('}' as "}]"), read after unescaping. */
struct rsp_json {
    struct rsp_out *out;
    bool comma;
    bool plain; /* no wire escape: for text that goes out as hex, such as jstopinfo */
};

struct rsp_json rsp_json_to(struct rsp_out *out);      /* plain is false */
void rsp_json_open(struct rsp_json *j, char bracket);  /* '{' or '[' */
void rsp_json_close(struct rsp_json *j, char bracket); /* '}' or ']' */
void rsp_json_key(struct rsp_json *j, const char *key);
/* A string. Quotes, backslashes, control bytes and bytes that are not UTF-8 (each for itself)
 * become \", \\ and \u00XX. */
void rsp_json_text(struct rsp_json *j, const char *text);
void rsp_json_text_n(struct rsp_json *j, const char *text, size_t n);
void rsp_json_dec(struct rsp_json *j, uint64_t v);
void rsp_json_bool(struct rsp_json *j, bool v);
/* A string of hex digits, two for each byte. */
void rsp_json_hex_bytes(struct rsp_json *j, const void *bytes, size_t n);

/* Reading: a value is a cursor over its text. All return false on a missing or malformed thing.
 * Nesting is bounded (RSP_JSON_DEPTH); nothing recurses and nothing allocates. */
enum { RSP_JSON_DEPTH = 16 };
/* The value of key (its first) in the object that json stands at. */
bool rsp_json_get(struct rsp_in json, const char *key, struct rsp_in *value);
/* Steps through an array: *iter starts as the array's cursor; each call gives the next element.
 * After the last it is false; iter->bad then says whether the array was malformed instead. */
bool rsp_json_next(struct rsp_in *iter, struct rsp_in *value);
/* A whole number of at most 64 bits without a sign. */
bool rsp_json_get_dec(struct rsp_in value, uint64_t *v);
/* Unescapes a string value into buf, \u as UTF-8, no NUL behind it; returns its length, or -1
 * when it is no string, is malformed or is longer than cap. */
ptrdiff_t rsp_json_get_text(struct rsp_in value, char *buf, size_t cap);

/* ---- signals (signal.c; GDB manual, "Packets", and include/gdb/signals' numbers) ----
 * gdb's own numbers against those of Linux on x86 and arm. 0 is "no signal" in both. */
int rsp_signal_from_linux(int native);   /* gdb's number; 143 ("unknown") when it has none */
int rsp_signal_to_linux(int gdb);        /* the kernel's number; -1 when it has none */
const char *rsp_signal_name(int native); /* "SIGUSR1"; "SIG?" when unknown; for texts */

/* Why a fault's signal came, by Linux's si_code, in the words of POSIX's <signal.h>; NULL for
 * other signals and codes. has_address: si_addr means an address. */
const char *rsp_signal_cause(int native, int code);
bool rsp_signal_has_address(int native);

/* ---- the asking side (client.c) ----
 * Asks and reads answers of a server. No I/O: give it what arrived, send what it offers. One
 * request at a time; notifications and O packets come between. */
enum rsp_answer {
    RSP_WAITING, /* nothing yet */
    RSP_REPLY,   /* the answer's body stands in the receive buffer: c->rx.buf, c->rx.len */
    RSP_OUTPUT,  /* the same, for an O packet that is not the answer: feed again */
    RSP_NOTICE,  /* the same, for a % notification */
    RSP_FAILED /* the request or its answer was repeated as often as allowed; none is under way */
};

struct rsp_client {
    struct rsp_receiver rx;
    struct rsp_out tx; /* the framed request, kept until it is answered */
    size_t sent;       /* bytes of tx that went out */
    bool no_ack;       /* set by the caller once QStartNoAckMode was answered OK */
    bool awaits_ack, awaits_reply;
    uint8_t acks[8]; /* '+' and '-' owed */
    uint8_t ack_count;
    unsigned resends, resend_max; /* of this request; how many are allowed (3 after init) */
    size_t last_len;              /* the last answer, to know it again when it is repeated */
    uint8_t last_sum;
};

/* in and out are the caller's; replies longer than in_cap are cut. */
void rsp_client_init(struct rsp_client *c, uint8_t *in, size_t in_cap, uint8_t *out,
                     size_t out_cap);
/* Frames a request: text up to a NUL, then n bytes escaped. False when it does not fit or when
 * one is under way. */
bool rsp_client_ask(struct rsp_client *c, const char *text, const void *bytes, size_t n);
/* Offers the bytes to send next (0 when there are none); sent says how many of them went, before
 * anything else is called. After it more may be offered. */
const uint8_t *rsp_client_output(struct rsp_client *c, size_t *n);
void rsp_client_sent(struct rsp_client *c, size_t n);
/* Takes bytes from the server up to an answer; returns how many were taken. The answer's body is
 * good until the next call. */
size_t rsp_client_feed(struct rsp_client *c, const uint8_t *bytes, size_t n, enum rsp_answer *a);
/* The caller waited long enough: the request goes out again, or, when the server has
 * acknowledged it, a '-' asks for the answer again, so that no deed is done twice. In no-ack
 * mode the line loses nothing and nothing is repeated: RSP_FAILED. */
enum rsp_answer rsp_client_timeout(struct rsp_client *c);
/* The last answer was not to the request (QEMU tells a stop unasked): waits for the next one. */
void rsp_client_go_on(struct rsp_client *c);

#ifdef __cplusplus
}
#endif
#endif
