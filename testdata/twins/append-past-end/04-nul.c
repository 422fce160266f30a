/* The NUL behind what fills the whole buffer. */
#include <stddef.h>
#include <stdint.h>

void first(uint8_t *payload, size_t len)
{
    payload[len] = 0; /* found: append-past-end */
}

void second(uint8_t *payload, size_t len)
{
    if (len > 0)
        payload[len - 1] = 0;
}

void third(uint8_t *payload, size_t len, size_t at)
{
    if (at < len)
        payload[at] = 0;
}
