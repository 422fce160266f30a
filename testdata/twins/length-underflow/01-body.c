/* What is left behind a header of eight bytes. */
#include <stddef.h>
#include <stdint.h>

size_t first(const uint8_t *pkt, size_t len)
{
    if (len < 4 || pkt[0] != 1)
        return 0;
    return len - 8; /* found: length-underflow */
}

size_t second(const uint8_t *pkt, size_t len)
{
    if (len < 8 || pkt[0] != 1)
        return 0;
    return len - 8;
}

size_t third(const uint8_t *pkt, size_t len)
{
    (void)pkt;
    return len > 8 ? len - 8 : 0;
}
