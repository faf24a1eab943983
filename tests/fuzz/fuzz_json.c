/* fuzz_json.c - any bytes into the JSON reader; what it finds lies inside the text, and text
 * that it reads comes back when it is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "rsp/rsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 4096, STEPS = 10000 };

static void
require(bool promise)
{
    if (!promise) {
        abort();
    }
}

static void
require_inside(struct rsp_in value, struct rsp_in whole)
{
    require(!value.bad && value.p >= whole.p && value.p < value.end && value.end <= whole.end);
}

/* Text once read and written may differ from its first form, since bytes that are no UTF-8 become
 * characters; from then on it must not change. */
static void
round_trip(const char *text, size_t n)
{
    size_t cap = 6 * n + 2;
    uint8_t *written = malloc(cap), *again = malloc(2 * cap);
    char *read = malloc(2 * n + 1);
    struct rsp_out out = rsp_out_to(written, cap), second = rsp_out_to(again, 2 * cap);
    struct rsp_json j = rsp_json_to(&out), k = rsp_json_to(&second);
    j.plain = k.plain = true;
    rsp_json_text_n(&j, text, n);
    require(!out.cut);
    ptrdiff_t length = rsp_json_get_text(rsp_in_from(written, out.len), read, 2 * n + 1);
    require(length >= (ptrdiff_t)n);
    rsp_json_text_n(&k, read, (size_t)length);
    char *third = malloc((size_t)length + 1);
    require(rsp_json_get_text(rsp_in_from(again, second.len), third, (size_t)length) == length);
    require(memcmp(third, read, (size_t)length) == 0);
    free(third);
    free(read);
    free(again);
    free(written);
}

static void
read_value(struct rsp_in value)
{
    char text[MAX];
    uint64_t v;
    rsp_json_get_dec(value, &v);
    ptrdiff_t n = rsp_json_get_text(value, text, sizeof text);
    if (n >= 0) {
        round_trip(text, (size_t)n);
    }
}

static void
step_through(struct rsp_in array, struct rsp_in whole)
{
    struct rsp_in value, inner;
    unsigned steps = 0;
    while (rsp_json_next(&array, &value)) {
        require(++steps < STEPS);
        require_inside(value, whole);
        read_value(value);
        if (rsp_json_get(value, "a", &inner)) {
            require_inside(inner, value);
        }
    }
    require(!rsp_json_next(&array, &value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX) {
        return 0;
    }
    uint8_t *copy = malloc(size);
    memcpy(copy, data, size);
    struct rsp_in whole = rsp_in_from(copy, size), value;
    static const char *const keys[] = { "a", "", "breakpoint_requests", "\xc3\xa9" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (rsp_json_get(whole, keys[i], &value)) {
            require_inside(value, whole);
            read_value(value);
            step_through(value, whole);
        }
    }
    step_through(whole, whole);
    read_value(whole);
    free(copy);
    return 0;
}
