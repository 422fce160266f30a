/* A block of fixed size is copied out of a message that may be shorter. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct report {
    uint32_t source;
    uint32_t lost;
    uint32_t jitter;
};

int first(struct report *out, const uint8_t *payload, size_t len)
{
    if (len < 8)
        return -1;
    memcpy(out, payload, sizeof *out); /* found: unchecked-message-read */
    return 0;
}

int second(struct report *out, const uint8_t *payload, size_t len)
{
    if (len < sizeof *out)
        return -1;
    memcpy(out, payload, sizeof *out);
    return 0;
}

int third(struct report *out, const uint8_t *payload, size_t len)
{
    if (len != 12)
        return -1;
    memcpy(out, payload, sizeof(struct report));
    return 0;
}
