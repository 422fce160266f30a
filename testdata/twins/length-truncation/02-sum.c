/* A field of 16 bits, and the header that it does not count. */
#include <arpa/inet.h>
#include <stdint.h>

struct block {
    uint16_t size;
};

void first(struct block *out, const uint16_t *word)
{
    out->size = ntohs(*word) + 20; /* found: length-truncation */
}

int second(struct block *out, const uint16_t *word)
{
    if (ntohs(*word) > 1000)
        return -1;
    out->size = ntohs(*word) + 20;
    return 0;
}

void third(struct block *out, const uint16_t *word)
{
    out->size = ntohs(*word);
}
