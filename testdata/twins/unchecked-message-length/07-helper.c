/* A helper copies, and its callers say how much. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

struct realm {
    char name[40];
    int known;
};

void keep(struct realm *out, const char *from, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (out->known)
        memcpy(out->name, from, amount); /* found: unchecked-message-length */
}

static void fill(struct realm *out, const char *from, unsigned amount)
{
    out->known = 1;
    memcpy(out->name, from, amount);
}

int second(struct realm *out, const char *from, const uint16_t *word)
{
    unsigned amount = ntohs(*word);

    if (amount > sizeof out->name)
        return -1;
    fill(out, from, amount);
    return 0;
}

void third(struct realm *out, const char *from)
{
    fill(out, from, sizeof out->name);
}
