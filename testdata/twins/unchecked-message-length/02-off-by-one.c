/* The NUL behind the name needs a byte, too. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

struct realm {
    char name[40];
};

int first(struct realm *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount > sizeof out->name)
        return -1;
    out->name[amount] = 0; /* found: unchecked-message-length */
    return 0;
}

int second(struct realm *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount >= sizeof out->name)
        return -1;
    out->name[amount] = 0;
    return 0;
}

int third(struct realm *out, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount + 1 > sizeof out->name)
        return -1;
    out->name[amount] = 0;
    return 0;
}
