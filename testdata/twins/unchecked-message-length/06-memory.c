/* Memory for as many bytes as a field of 32 bits says. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>

void *first(const uint32_t *word)
{
    uint32_t amount = ntohl(*word);

    return malloc(amount); /* found: unchecked-message-length */
}

void *second(const uint32_t *word)
{
    uint32_t amount = ntohl(*word);

    if (amount > 100000)
        return NULL;
    return malloc(amount);
}

void *third(const uint16_t *word)
{
    return malloc(ntohs(*word));
}
