/* A size in network byte order that counts its own header. */
#include <arpa/inet.h>
#include <stdint.h>

unsigned first(const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount == 0)
        return 0;
    return amount - 2; /* found: length-underflow */
}

unsigned second(const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount < 2)
        return 0;
    return amount - 2;
}

int third(const uint16_t *word)
{
    int amount = ntohs(*word) - 2;

    if (amount < 0)
        return 0;
    return amount;
}
