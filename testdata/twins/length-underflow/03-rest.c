/* An element is taken off what is left. */
#include <stddef.h>
#include <stdint.h>

size_t first(const uint8_t *pdu, size_t len)
{
    size_t step;

    if (len < 2)
        return 0;
    step = pdu[1];
    if (step > len)
        return 0;
    len -= 2;
    return len - step; /* found: length-underflow */
}

size_t second(const uint8_t *pdu, size_t len)
{
    size_t step;

    if (len < 2)
        return 0;
    step = pdu[1];
    len -= 2;
    if (step > len)
        return 0;
    return len - step;
}

size_t third(const uint8_t *pdu, size_t len)
{
    size_t step;

    if (len < 2)
        return 0;
    step = pdu[1];
    len -= 2;
    if (step > len)
        step = len;
    return len - step;
}
