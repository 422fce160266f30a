/* An escape takes two bytes. */
#include <stdint.h>

uint8_t *first(uint8_t *to, uint8_t *to_end, uint8_t c)
{
    if (to >= to_end)
        return to;
    to[0] = 0x7d;
    to[1] = c ^ 0x20; /* found: append-past-end */
    return to + 2;
}

uint8_t *second(uint8_t *to, uint8_t *to_end, uint8_t c)
{
    if (to_end - to < 2)
        return to;
    to[0] = 0x7d;
    to[1] = c ^ 0x20;
    return to + 2;
}

uint8_t *third(uint8_t *to, uint8_t *to_end, uint8_t c)
{
    if (to >= to_end)
        return to;
    to[0] = 0x7d;
    if (to + 1 < to_end)
        to[1] = c ^ 0x20;
    return to + 1;
}
