/* It is cut when it is tested. */
#include <arpa/inet.h>
#include <stdint.h>

struct block {
    uint8_t size;
};

int first(struct block *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    out->size = amount; /* found: length-truncation */
    if (amount > 255)
        return -1;
    return 0;
}

int second(struct block *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount > 255)
        return -1;
    out->size = amount;
    return 0;
}

int third(struct block *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    switch (amount) {
    case 16:
        out->size = amount;
        return 0;
    default:
        return -1;
    }
}
