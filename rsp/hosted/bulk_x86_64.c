/* bulk_x86_64.c - digits, escapes and sums by AVX2, where the processor has it. What is left of a
 * stretch that is no multiple of a block goes the portable way. */
#include "rsp/bulk.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

enum { BLOCK = 32 };

/* ---- sums ---- */

/* Four sums of eight bytes each are added in lanes of 64 bits. */
AVX2 static inline __m256i
add_sums(__m256i sums, __m256i bytes)
{
    return _mm256_add_epi64(sums, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
}

AVX2 static inline uint8_t
fold(__m256i sums)
{
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));

    return (uint8_t)(_mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1));
}

AVX2 static inline __m256i
load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline void
store(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}

/* ---- hex ---- */

/* In place, as in bulk.c: the whole block is loaded before its first digit is stored. */
AVX2 static uint8_t
hex(uint8_t *to, const uint8_t *from, size_t n)
{
    const __m256i digits = _mm256_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a',
                                            'b', 'c', 'd', 'e', 'f', '0', '1', '2', '3', '4', '5',
                                            '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i sums = _mm256_setzero_si256();
    size_t i = 0;

    for (; n - i >= BLOCK; i += BLOCK) {
        __m256i bytes = load(from + i);
        __m256i low = _mm256_shuffle_epi8(digits, _mm256_and_si256(bytes, nibble));
        __m256i high =
            _mm256_shuffle_epi8(digits, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
        __m256i a = _mm256_unpacklo_epi8(high, low), b = _mm256_unpackhi_epi8(high, low);

        store(to + 2 * i, _mm256_permute2x128_si256(a, b, 0x20));
        store(to + 2 * i + BLOCK, _mm256_permute2x128_si256(a, b, 0x31));
        sums = add_sums(add_sums(sums, high), low);
    }
    return (uint8_t)(fold(sums) + rsp_bulk_portable.hex(to + 2 * i, from + i, n - i));
}

/* The values of digits; *bad gathers bytes with the top bit set where there is none. */
AVX2 static inline __m256i
values_of(__m256i c, __m256i *bad)
{
    __m256i nine = _mm256_sub_epi8(c, _mm256_set1_epi8('0'));
    __m256i letter =
        _mm256_sub_epi8(_mm256_or_si256(c, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
    __m256i is_nine = _mm256_cmpeq_epi8(_mm256_min_epu8(nine, _mm256_set1_epi8(9)), nine);
    __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);

    *bad = _mm256_or_si256(
        *bad, _mm256_andnot_si256(_mm256_or_si256(is_nine, is_letter), _mm256_set1_epi8(-1)));
    return _mm256_blendv_epi8(_mm256_add_epi8(letter, _mm256_set1_epi8(10)), nine, is_nine);
}

/* In place: both halves are loaded before the bytes, which land on the first of them, are
 * stored. */
AVX2 static size_t
unhex(uint8_t *to, const uint8_t *digits, size_t n)
{
    const __m256i weights = _mm256_set1_epi16(0x0110); /* the high digit 16 times, the low once */
    size_t i = 0;

    for (; n - i >= BLOCK; i += BLOCK) {
        __m256i bad = _mm256_setzero_si256();
        __m256i a = values_of(load(digits + 2 * i), &bad);
        __m256i b = values_of(load(digits + 2 * i + BLOCK), &bad);

        if (_mm256_movemask_epi8(bad) != 0)
            break;
        a = _mm256_packus_epi16(_mm256_maddubs_epi16(a, weights),
                                _mm256_maddubs_epi16(b, weights));
        store(to + i, _mm256_permute4x64_epi64(a, 0xd8));
    }
    return i + rsp_bulk_portable.unhex(to + i, digits + 2 * i, n - i);
}

/* ---- what may not stand as it is ---- */

/* A bit for each special byte. */
AVX2 static inline uint32_t
marks_of(__m256i bytes, __m256i star)
{
    __m256i a = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('#'));
    __m256i b = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('$'));
    __m256i c = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('}'));
    __m256i d = _mm256_cmpeq_epi8(bytes, star);

    return (uint32_t)_mm256_movemask_epi8(
        _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d)));
}

AVX2 static size_t
specials(const uint8_t *from, size_t n)
{
    const __m256i star = _mm256_set1_epi8('*');
    size_t count = 0, i = 0;

    for (; n - i >= BLOCK; i += BLOCK)
        count += (unsigned)_mm_popcnt_u32(marks_of(load(from + i), star));
    return count + rsp_bulk_portable.specials(from + i, n - i);
}

/* Puts the escape of the byte at from[at] to to[at] and what follows behind it. Returns by how
 * much the sum grows. */
AVX2 static inline unsigned
put_escape(uint8_t *to, const uint8_t *from, unsigned at)
{
    uint8_t c = from[at], changed = c ^ 0x20;

    to[at] = '}';
    store(to + at + 1, load(from + at));
    to[at + 1] = changed;
    return '}' + (unsigned)changed - c;
}

/* A block is stored whole, and once more from each special byte on. One special byte is put in
 * any case, and overwritten by the next block where there was none: of random data every third
 * block has one, which no processor can guess (18 us against 12 for 64 KiB). With all 32 bytes
 * special the last store ends 3 * BLOCK + 1 behind `to` as it was. */
AVX2 static inline size_t
escape_block(uint8_t *to, const uint8_t *from, uint32_t marks, unsigned *sum)
{
    unsigned any = marks != 0, more, count = any;

    store(to, load(from));
    more = put_escape(to, from, (unsigned)_tzcnt_u32(marks));
    *sum += any * more;
    for (marks = _blsr_u32(marks); marks != 0; marks = _blsr_u32(marks))
        *sum += put_escape(to + count++, from, (unsigned)_tzcnt_u32(marks));
    return BLOCK + count;
}

/* Four blocks, which often have nothing special in them at all. */
AVX2 static inline size_t
escape_four(uint8_t *to, const uint8_t *from, unsigned *sum)
{
    const __m256i star = _mm256_set1_epi8('*');
    uint32_t marks[4];
    size_t size = 0;

    for (size_t k = 0; k < 4; k++)
        marks[k] = marks_of(load(from + k * BLOCK), star);
    if ((marks[0] | marks[1] | marks[2] | marks[3]) == 0) {
        for (size_t k = 0; k < 4; k++)
            store(to + k * BLOCK, load(from + k * BLOCK));
        return 4 * (size_t)BLOCK;
    }
    for (size_t k = 0; k < 4; k++)
        size += escape_block(to + size, from + k * BLOCK, marks[k], sum);
    return size;
}

/* Nothing that is still to be read is written over where the reader is that far ahead, or
 * elsewhere; nor is more written than is still to come, or read than there is, while so many
 * bytes follow. */
AVX2 static size_t
escape(uint8_t *to, const uint8_t *from, size_t n, uint8_t *sum)
{
    enum { STEP = 4 * BLOCK };
    __m256i sums = _mm256_setzero_si256();
    uint8_t *start = to;
    unsigned extra = 0;
    size_t i = 0;

    for (; n - i >= 2 * STEP && (uintptr_t)(from + i) - (uintptr_t)to >= 3 * STEP; i += STEP) {
        for (size_t k = 0; k < STEP; k += BLOCK)
            sums = add_sums(sums, load(from + i + k));
        to += escape_four(to, from + i, &extra);
    }
    *sum = (uint8_t)(*sum + fold(sums) + extra);
    to += rsp_bulk_portable.escape(to, from + i, n - i, sum);
    return (size_t)(to - start);
}

/* The first n bytes of a block, the others 0. */
AVX2 static inline __m256i
first_bytes(__m256i bytes, unsigned n)
{
    const __m256i places =
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
                         21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);

    return _mm256_and_si256(bytes, _mm256_cmpgt_epi8(_mm256_set1_epi8((char)n), places));
}

AVX2 static size_t
copy(uint8_t *to, const uint8_t *from, size_t n, uint8_t star, uint8_t *sum)
{
    const __m256i stars = _mm256_set1_epi8((char)star);
    __m256i sums = _mm256_setzero_si256();
    size_t i = 0;

    for (; n - i >= BLOCK; i += BLOCK) {
        __m256i bytes = load(from + i);
        uint32_t marks = marks_of(bytes, stars);

        store(to + i, bytes);
        if (marks != 0) {
            unsigned at = (unsigned)_tzcnt_u32(marks);

            *sum = (uint8_t)(*sum + fold(add_sums(sums, first_bytes(bytes, at))));
            return i + at;
        }
        sums = add_sums(sums, bytes);
    }
    *sum = (uint8_t)(*sum + fold(sums));
    return i + rsp_bulk_portable.copy(to + i, from + i, n - i, star, sum);
}

/* A block is stored whole, and the next one from behind its first escape on: less is written than
 * is read, so never more than n. The byte behind an escape at the block's end is still there. */
AVX2 static size_t
unescape(uint8_t *to, const uint8_t *from, size_t n, size_t *taken, uint8_t *sum)
{
    const __m256i stops = _mm256_set1_epi8('#');
    __m256i sums = _mm256_setzero_si256();
    uint8_t *start = to;
    unsigned extra = 0;
    size_t i = 0, rest;

    while (n - i > BLOCK) {
        __m256i bytes = load(from + i);
        uint32_t marks = marks_of(bytes, stops);
        unsigned at = marks != 0 ? (unsigned)_tzcnt_u32(marks) : BLOCK;

        store(to, bytes);
        to += at;
        i += at;
        if (marks == 0) {
            sums = add_sums(sums, bytes);
            continue;
        }
        uint8_t c = from[i + 1];

        sums = add_sums(sums, first_bytes(bytes, at));
        if (from[i] != '}' || c == '#' || c == '$')
            break;
        extra += '}' + (unsigned)c;
        *to++ = c ^ 0x20;
        i += 2;
    }
    *sum = (uint8_t)(*sum + fold(sums) + extra);
    to += rsp_bulk_portable.unescape(to, from + i, n - i, &rest, sum);
    *taken = i + rest;
    return (size_t)(to - start);
}

static const struct rsp_bulk avx2 = { hex, unhex, specials, escape, copy, unescape };

const struct rsp_bulk *
rsp_bulk(void)
{
    return __builtin_cpu_supports("avx2") ? &avx2 : &rsp_bulk_portable;
}
