/* 32 bits without a sign, kept with one. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

struct block {
    char text[99];
};

int first(struct block *out, const uint32_t *word, const char *from)
{
    int32_t amount = ntohl(*word); /* found: signed-length */

    if (amount > 99)
        return -1;
    memcpy(out->text, from, amount);
    return 0;
}

int second(struct block *out, const uint32_t *word, const char *from)
{
    uint32_t amount = ntohl(*word);

    if (amount > 99)
        return -1;
    memcpy(out->text, from, amount);
    return 0;
}

int third(struct block *out, const uint16_t *word, const char *from)
{
    int32_t amount = ntohs(*word);

    if (amount > 99)
        return -1;
    memcpy(out->text, from, amount);
    return 0;
}
