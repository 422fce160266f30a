/* A bound that is larger than the type. */
#include <arpa/inet.h>
#include <stdint.h>

#define MOST 1500

struct block {
    uint8_t size;
};

int first(struct block *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount > MOST)
        return -1;
    out->size = amount; /* found: length-truncation */
    return 0;
}

int second(struct block *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount > UINT8_MAX)
        return -1;
    out->size = amount;
    return 0;
}

int third(struct block *out, const uint16_t *word)
{
    out->size = ntohs(*word) & 0x7f;
    return 0;
}
