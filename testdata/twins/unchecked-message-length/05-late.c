/* The test comes when the bytes are overwritten. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

struct realm {
    char name[40];
};

int first(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    memcpy(out->name, from, amount); /* found: unchecked-message-length */
    if (amount > sizeof out->name)
        return -1;
    return 0;
}

int second(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    if (amount <= sizeof out->name)
        memcpy(out->name, from, amount);
    else
        return -1;
    return 0;
}

int third(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    switch (amount) {
    case 8:
        memcpy(out->name, from, amount);
        return 0;
    default:
        return -1;
    }
}
