/* pkt_mem.c - m M x X, qCRC, qSearch:memory and qGetTLSAddr: target memory (GDB manual, "Packets"
 * and "General Query Packets"). */
#include "stub/engine.h"

#include <string.h>

/* A stretch of memory as requests name it. */
struct range {
    uint64_t address, length;
};

/* ADDRESS, the separator, LENGTH. */
static struct range
take_range(struct rsp_in *in, char separator)
{
    struct range range;

    range.address = rsp_take_hex(in);
    rsp_take(in, separator);
    range.length = rsp_take_hex(in);
    return range;
}

/* How many of the n bytes from address on lie below the top of memory. */
static uint64_t
below_top(const struct engine *s, uint64_t address, uint64_t n)
{
    uint64_t top = s->target->top != 0 ? s->target->top : UINT64_MAX;

    if (n == 0 || address > top)
        return 0;
    return n - 1 <= top - address ? n : top - address + 1;
}

/* ---- m and x ---- */

/* Reads what is readable of the range into the last bytes of out's room, at most `most` of them;
 * *bytes points at it. Returns how many, -STUB_EFAULT when not even the first can be read, or
 * STUB_LATER. */
static ptrdiff_t
read_tail(struct engine *s, struct rsp_out *out, struct range range, size_t most, uint8_t **bytes)
{
    struct arch_memory memory = stub_memory(s);
    size_t n = range.length < most ? (size_t)range.length : most;
    size_t got;

    *bytes = out->buf + out->cap - n;
    got = arch_read(&memory, range.address, *bytes, n);
    if (got == ARCH_LATER)
        return STUB_LATER;
    return got == 0 && n > 0 ? -STUB_EFAULT : (ptrdiff_t)got;
}

static int
read_hex(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct range range = take_range(in, ',');
    uint8_t *bytes;
    ptrdiff_t n;

    if (!rsp_take_end(in))
        return PKT_BAD;
    n = read_tail(s, out, range, rsp_out_room(out) / 2, &bytes);
    if (n < 0)
        return (int)n;
    rsp_put_hex_bytes(out, bytes, (size_t)n);
    return PKT_DONE;
}

/* Who does not know the `b` of binary-upload+ asks for no bytes first and wants OK. */
static int
read_binary(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct range range = take_range(in, ',');
    uint8_t *bytes;
    ptrdiff_t n;

    if (!rsp_take_end(in))
        return PKT_BAD;
    if ((s->client & CLIENT_BINARY_UPLOAD) != 0)
        rsp_put(out, 'b');
    else if (range.length == 0)
        return PKT_OK;
    n = read_tail(s, out, range, rsp_out_room(out), &bytes);
    if (n < 0)
        return (int)n;
    bytes = memmove(out->buf + out->cap - n, bytes, (size_t)n);
    rsp_put_escaped_some(out, bytes, (size_t)n);
    return PKT_DONE;
}

/* ---- M and X: all or an error ---- */

static int
write_all(struct engine *s, uint64_t address, const uint8_t *bytes, size_t n)
{
    int r;

    if (n == 0)
        return PKT_OK;
    if (below_top(s, address, n) != n)
        return -STUB_EFAULT;
    r = s->target->write_memory(stub_process(s), address, bytes, n);
    return r == 0 ? PKT_OK : r;
}

static int
write_hex(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct range range = take_range(in, ',');
    size_t n;

    rsp_take(in, ':');
    n = rsp_take_hex_bytes(in, out->buf, out->cap);
    if (!rsp_take_end(in) || n != range.length)
        return PKT_BAD;
    return write_all(s, range.address, out->buf, n);
}

/* A client asks with no bytes whether X is known. */
static int
write_binary(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct range range = take_range(in, ',');
    struct rsp_in bytes;

    (void)out;
    rsp_take(in, ':');
    bytes = rsp_take_rest(in);
    if (!rsp_take_end(in) || rsp_left(&bytes) != range.length)
        return PKT_BAD;
    return write_all(s, range.address, bytes.p, rsp_left(&bytes));
}

/* ---- what goes over much memory ---- */

/* One request looks at no more than this: nothing may block for long. */
#define SCAN_MAX (UINT64_C(1) << 30)
#define WORK_MAX (2 * SCAN_MAX)

/* The CRC of qCRC: polynomial 0x04c11db7, the top bit first, begun with ones, not inverted. Four
 * bits at a time. */
static uint32_t
crc_of(uint32_t crc, const uint8_t *bytes, size_t n)
{
    static const uint32_t quarters[16] = {
        0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9, 0x130476dc, 0x17c56b6b,
        0x1a864db2, 0x1e475005, 0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
        0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
    };

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)bytes[i] << 24;
        crc = crc << 4 ^ quarters[crc >> 28];
        crc = crc << 4 ^ quarters[crc >> 28];
    }
    return crc;
}

static int
sum_memory(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct arch_memory memory = stub_memory(s);
    uint32_t crc = UINT32_MAX;
    struct range left;

    rsp_take(in, ':');
    left = take_range(in, ',');
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (below_top(s, left.address, left.length) != left.length)
        return -STUB_EFAULT;
    if (left.length > SCAN_MAX)
        return -STUB_E2BIG;
    while (left.length > 0) {
        size_t piece = left.length < out->cap ? (size_t)left.length : out->cap;
        size_t got = arch_read(&memory, left.address, out->buf, piece);

        if (got == ARCH_LATER)
            return STUB_LATER;
        if (got == 0)
            return -STUB_EFAULT;
        crc = crc_of(crc, out->buf, got);
        left.address += got;
        left.length -= got;
    }
    rsp_put(out, 'C');
    rsp_put_hex(out, crc);
    return PKT_DONE;
}

/* Where the pattern stands in n bytes: its offset, or where it could begin at the earliest when
 * more bytes come. *work counts the comparisons, which a pattern of one letter multiplies, and its
 * caller adds the bytes moved. */
static size_t
find(const uint8_t *bytes, size_t n, const struct rsp_in *pattern, bool *found, uint64_t *work)
{
    size_t length = rsp_left(pattern), at = 0;

    for (; length <= n && at <= n - length; at++) {
        size_t same = 0;

        while (same < length && bytes[at + same] == pattern->p[same])
            same++;
        *work += same + 1;
        *found = same == length;
        if (*found || *work > WORK_MAX)
            break;
    }
    return at;
}

/* Reads on behind the `kept` bytes that did not rule a match out; no match is ever begun before
 * all memory in front of it was looked at. */
static int
search(struct engine *s, struct rsp_out *out, uint64_t address, uint64_t length,
       const struct rsp_in *pattern)
{
    struct arch_memory memory = stub_memory(s);
    uint64_t left = length < SCAN_MAX ? length : SCAN_MAX, work = 0;
    size_t kept = 0;

    while (left > 0) {
        size_t room = out->cap - kept, piece = left < room ? (size_t)left : room;
        size_t got = arch_read(&memory, address + kept, out->buf + kept, piece), at;
        bool found = false;

        if (got == ARCH_LATER)
            return STUB_LATER;
        if (got == 0)
            return -STUB_EFAULT;
        at = find(out->buf, kept + got, pattern, &found, &work);
        address += at;
        if (found) {
            rsp_put_text(out, "1,");
            rsp_put_hex(out, address);
            return PKT_DONE;
        }
        if (work > WORK_MAX)
            return -STUB_E2BIG;
        left -= got;
        kept = kept + got - at;
        work += kept;
        memmove(out->buf, out->buf + at, kept);
    }
    if (length > SCAN_MAX)
        return -STUB_E2BIG;
    rsp_put(out, '0');
    return PKT_DONE;
}

/* qSearch:memory:ADDRESS;LENGTH;PATTERN */
static int
search_memory(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    struct range range;
    struct rsp_in pattern;

    rsp_take(in, ':');
    range = take_range(in, ';');
    rsp_take(in, ';');
    pattern = rsp_take_rest(in);
    if (!rsp_take_end(in) || rsp_left(&pattern) == 0)
        return PKT_BAD;
    if (rsp_left(&pattern) > out->cap / 2) /* else each round looks at few new bytes */
        return -STUB_E2BIG;
    if (range.length > 0 && below_top(s, range.address, range.length) == 0)
        return -STUB_EFAULT;
    return search(s, out, range.address, below_top(s, range.address, range.length), &pattern);
}

/* qGetTLSAddr:THREAD,OFFSET,LINK-MAP */
static int
find_local(struct engine *s, struct rsp_in *in, struct rsp_out *out)
{
    uint64_t offset, link_map, address;
    struct rsp_id id;
    int r;

    rsp_take(in, ':');
    id = stub_take_id(s, in);
    rsp_take(in, ',');
    offset = rsp_take_hex(in);
    rsp_take(in, ',');
    link_map = rsp_take_hex(in);
    if (!rsp_take_end(in))
        return PKT_BAD;
    r = stub_settle_id(s, &id);
    if (r == 0)
        r = s->target->tls_address(s->object, id, offset, link_map, &address);
    if (r == 0)
        rsp_put_hex(out, address);
    return r;
}

static const struct stub_row rows[] = {
    { "m", NULL, read_hex, NEEDS(read_memory), ROW_GLUED | ROW_MUTE },
    { "x", NULL, read_binary, NEEDS(read_memory), ROW_GLUED | ROW_MUTE },
    { "M", NULL, write_hex, NEEDS(write_memory), ROW_GLUED },
    { "X", NULL, write_binary, NEEDS(write_memory), ROW_GLUED },
    { "qCRC", NULL, sum_memory, NEEDS(read_memory), 0 },
    { "qSearch:memory", NULL, search_memory, NEEDS(read_memory), 0 },
    { "qGetTLSAddr", NULL, find_local, NEEDS(tls_address), 0 },
};
const struct stub_family stub_memory_packets = FAMILY(rows);
