/* The bytes are read into variables where they are declared, and the test comes after. */
#include <stddef.h>
#include <stdint.h>

int first(const uint8_t *pdu, size_t len)
{
    uint8_t kind = pdu[2]; /* found: unchecked-message-read */

    if (len < 3)
        return -1;
    return kind;
}

int second(const uint8_t *pdu, size_t len)
{
    uint8_t kind;

    if (len < 3)
        return -1;
    kind = pdu[2];
    return kind;
}

int third(const uint8_t *pdu, size_t len)
{
    return len < 3 ? -1 : pdu[2];
}
