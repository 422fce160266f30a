/* A length kept in a byte. */
#include <stddef.h>
#include <stdint.h>

struct block {
    const uint8_t *start;
    uint8_t size;
};

void first(struct block *out, const uint8_t *payload, size_t len)
{
    out->start = payload;
    out->size = len; /* found: length-truncation */
}

int second(struct block *out, const uint8_t *payload, size_t len)
{
    if (len > 255)
        return -1;
    out->start = payload;
    out->size = len;
    return 0;
}

void third(struct block *out, const uint8_t *payload, size_t len)
{
    out->start = payload;
    out->size = len < 64 ? len : 64;
}
