/* A test for four bytes, and the sixth is read. */
#include <stddef.h>
#include <stdint.h>

int first(const uint8_t *pkt, size_t len)
{
    if (len < 4)
        return -1;
    return pkt[0] + pkt[5]; /* found: unchecked-message-read */
}

int second(const uint8_t *pkt, size_t len)
{
    if (len < 6)
        return -1;
    return pkt[0] + pkt[5];
}

int third(const uint8_t *pkt, size_t len)
{
    int sum = 0;

    if (len > 5)
        sum = pkt[0] + pkt[5];
    return sum;
}
