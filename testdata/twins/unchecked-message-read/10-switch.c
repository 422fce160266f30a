/* Numbers of one, two and four bytes. */
#include <stddef.h>
#include <stdint.h>

unsigned first(const uint8_t *pdu, size_t len)
{
    switch (len) {
    case 1:
        return pdu[0];
    case 2:
        return pdu[0] << 8 | pdu[2]; /* found: unchecked-message-read */
    default:
        return 0;
    }
}

unsigned second(const uint8_t *pdu, size_t len)
{
    switch (len) {
    case 1:
        return pdu[0];
    case 2:
        return pdu[0] << 8 | pdu[1];
    default:
        return 0;
    }
}

unsigned third(const uint8_t *pdu, size_t len)
{
    if (len == 1)
        return pdu[0];
    if (len == 2)
        return pdu[0] << 8 | pdu[1];
    return 0;
}
