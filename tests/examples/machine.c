/* machine.c - the invented machine: five instructions and a program. */
#include "machine.h"

#include <string.h>

enum { HALT, LOAD, ADD, SUBTRACT, STORE, JUMP_UNLESS_0 };

static const uint8_t program[] = {
    LOAD,          0, 0x05, 0x00, /* 100: r0 = 5 */
    LOAD,          1, 0x00, 0x00, /* 104: r1 = 0 */
    ADD,           1, 0x00, 0x00, /* 108: r1 += r0 */
    STORE,         1, 0x00, 0x10, /* 10c: [1000] = r1 */
    SUBTRACT,      0, 0x01, 0x00, /* 110: r0 -= 1 */
    JUMP_UNLESS_0, 0, 0x08, 0x01, /* 114: again from 108 unless r0 is 0 */
    HALT,          0, 0x00, 0x00, /* 118 */
};

void
machine_load(struct machine *m)
{
    memset(m, 0, sizeof(*m));
    memcpy(m->memory + 0x100, program, sizeof(program));
    m->reg[PC] = 0x100;
}

static enum outcome
store(struct machine *m, uint32_t address, uint32_t v)
{
    if (address > MEMORY - 4)
        return BAD_ADDRESS;
    for (unsigned i = 0; i < 4; i++)
        m->memory[address + i] = (uint8_t)(v >> 8 * i);
    return WENT_ON;
}

enum outcome
machine_step(struct machine *m)
{
    const uint8_t *in = m->memory + m->reg[PC];
    uint32_t *r, n;

    if (m->reg[PC] > MEMORY - 4)
        return BAD_ADDRESS;
    if (in[0] == HALT)
        return HALTED;
    r = &m->reg[in[1] % PC];
    n = in[2] | (uint32_t)in[3] << 8;
    m->reg[PC] += 4;
    switch (in[0]) {
    case LOAD:
        *r = n;
        return WENT_ON;
    case ADD:
        *r += m->reg[n % PC];
        return WENT_ON;
    case SUBTRACT:
        *r -= n;
        return WENT_ON;
    case STORE:
        return store(m, n, *r);
    case JUMP_UNLESS_0:
        if (*r != 0)
            m->reg[PC] = n;
        return WENT_ON;
    default:
        m->reg[PC] -= 4;
        return BAD_DEED;
    }
}
