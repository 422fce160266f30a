/* A helper takes off a trailer; one caller has too little. */
#include <stddef.h>
#include <stdint.h>

static size_t body(const uint8_t *frame, size_t len)
{
    if (frame[0] == 2)
        return 0;
    return len - 4; /* found: length-underflow */
}

static size_t payload_of(const uint8_t *frame, size_t len)
{
    if (frame[0] == 2)
        return 0;
    return len - 4;
}

size_t first(const uint8_t *frame, size_t len)
{
    if (len < 2)
        return 0;
    return body(frame, len);
}

size_t second(const uint8_t *frame, size_t len)
{
    if (len < 5)
        return 0;
    return body(frame, len) + payload_of(frame, len);
}
