/* A number of the message chooses an entry of a table. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>

static const int weights[10];

int first(const uint16_t *word)
{
    unsigned kind = ntohs(*word);

    if (kind > 10)
        return -1;
    return weights[kind]; /* found: unchecked-message-length */
}

int second(const uint16_t *word)
{
    unsigned kind = ntohs(*word);

    if (kind >= sizeof weights / sizeof weights[0])
        return -1;
    return weights[kind];
}

int third(const uint16_t *word)
{
    return weights[ntohs(*word) % 10];
}

int fourth(const uint16_t *word)
{
    unsigned kind = ntohs(*word);

    return kind < 10 ? weights[kind] : 0;
}
