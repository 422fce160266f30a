/* A walk over elements of kind, size and content: one byte is proved, two are read. */
#include <stddef.h>
#include <stdint.h>

unsigned first(const uint8_t *payload, size_t len)
{
    unsigned seen = 0;
    size_t at = 0;

    while (at < len) {
        uint8_t step = payload[at + 1]; /* found: unchecked-message-read */

        at += step + 2u;
        seen++;
    }
    return seen;
}

unsigned second(const uint8_t *payload, size_t len)
{
    unsigned seen = 0;
    size_t at = 0;

    while (at + 1 < len) {
        uint8_t step = payload[at + 1];

        at += step + 2u;
        seen++;
    }
    return seen;
}

unsigned third(const uint8_t *payload, size_t len)
{
    unsigned seen = 0;
    size_t at = 0;

    while (at < len) {
        uint8_t step;

        if (len - at < 2)
            break;
        step = payload[at + 1];
        at += step + 2u;
        seen++;
    }
    return seen;
}
