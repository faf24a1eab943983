/* fake_late.c - what the fake target said already in this request, see fake_late.h. */
#include "tests/stub/fake_late.h"

static uint64_t
key_of(enum fake_deed deed, uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t words[4] = { deed, a, b, c };
    uint64_t key = UINT64_C(0xcbf29ce484222325);

    for (unsigned i = 0; i < 4; i++)
        key = (key ^ words[i] ^ words[i] >> 29) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 32;
}

/* The memo of that question in this request, begun when it is new; NULL when there is no room. */
static struct fake_memo *
memo_of(struct fake *f, uint64_t key)
{
    for (unsigned i = 0; i < 64; i++) {
        struct fake_memo *m = &f->memo[(key + i) % FAKE_MEMO];

        if (m->request != f->request) {
            *m = (struct fake_memo){ .key = key, .request = f->request };
            return m;
        }
        if (m->key == key)
            return m;
    }
    return NULL;
}

bool
fake_is_late(struct fake *f, struct fake_memo **m, enum fake_deed deed, uint64_t a, uint64_t b,
             uint64_t c)
{
    *m = f->late ? memo_of(f, key_of(deed, a, b, c)) : NULL;
    if (*m == NULL || (*m)->told)
        return false;
    (*m)->told = true;
    f->rings = true;
    return true;
}

uint64_t
fake_sum(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t sum = n;

    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + p[i];
    return sum;
}

int
fake_fail(struct fake *f, int error, const char *why)
{
    f->why = why;
    return -error;
}
