/* pkt_scan.c - qCRC and qSearch:memory: what goes over much memory (GDB manual, "General Query
 * Packets"). */
#include "stub/engine.h"

#include <string.h>

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
    struct stub_range left;

    rsp_take(in, ':');
    left = stub_take_range(in, ',');
    if (!rsp_take_end(in))
        return PKT_BAD;
    if (stub_below_top(s, left.address, left.length) != left.length)
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
    struct stub_range range;
    struct rsp_in pattern;

    rsp_take(in, ':');
    range = stub_take_range(in, ';');
    rsp_take(in, ';');
    pattern = rsp_take_rest(in);
    if (!rsp_take_end(in) || rsp_left(&pattern) == 0)
        return PKT_BAD;
    if (rsp_left(&pattern) > out->cap / 2) /* else each round looks at few new bytes */
        return -STUB_E2BIG;
    if (range.length > 0 && stub_below_top(s, range.address, range.length) == 0)
        return -STUB_EFAULT;
    return search(s, out, range.address, stub_below_top(s, range.address, range.length), &pattern);
}

static const struct stub_row rows[] = {
    { "qCRC", sum_memory, NEEDS(read_memory), 0 },
    { "qSearch:memory", search_memory, NEEDS(read_memory), 0 },
};
const struct stub_family stub_scan_packets = FAMILY(rows);
