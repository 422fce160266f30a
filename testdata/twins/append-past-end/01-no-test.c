/* One entry for each byte of the message. */
#include <stddef.h>
#include <stdint.h>

unsigned first(const uint8_t *pdu, size_t len)
{
    uint8_t kinds[24];
    unsigned used = 0;
    size_t at;

    for (at = 0; at < len; at++)
        kinds[used++] = pdu[at]; /* found: append-past-end */
    return kinds[0] + used;
}

unsigned second(const uint8_t *pdu, size_t len)
{
    uint8_t kinds[24];
    unsigned used = 0;
    size_t at;

    for (at = 0; at < len && used < sizeof kinds; at++)
        kinds[used++] = pdu[at];
    return kinds[0] + used;
}

unsigned third(const uint8_t *pdu, size_t len)
{
    uint8_t kinds[24];
    unsigned used = 0;
    size_t at;

    for (at = 0; at < len; at++) {
        if (used == 24)
            return 0;
        kinds[used++] = pdu[at];
    }
    return kinds[0] + used;
}
