/* A size in network byte order, and a destination that may be smaller. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

struct realm {
    char name[40];
};

void first(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    memcpy(out->name, from, amount); /* found: unchecked-message-length */
}

int second(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    if (amount > sizeof out->name)
        return -1;
    memcpy(out->name, from, amount);
    return 0;
}

void third(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    if (amount > 40)
        amount = 40;
    memcpy(out->name, from, amount);
}

void fourth(struct realm *out, const uint16_t *word, const char *from)
{
    memcpy(out->name, from, ntohs(*word) & 31);
}
