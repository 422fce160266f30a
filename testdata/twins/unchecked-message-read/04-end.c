/* A pointer and an end: the test leaves one byte, and two are read. */
#include <stdint.h>

int first(const uint8_t *here, const uint8_t *end)
{
    if (here == end)
        return -1;
    if (end - here < 1)
        return -1;
    return here[0] << 8 | here[1]; /* found: unchecked-message-read */
}

int second(const uint8_t *here, const uint8_t *end)
{
    if (end - here < 2)
        return -1;
    return here[0] << 8 | here[1];
}

int third(const uint8_t *here, const uint8_t *end)
{
    if (here + 2 > end)
        return -1;
    return here[0] << 8 | here[1];
}

int fourth(const uint8_t *here, const uint8_t *end)
{
    int total = 0;

    while (here < end)
        total += *here++;
    return total;
}
