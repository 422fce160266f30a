/* The message says how much of it is to be sent back. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reply {
    uint8_t content[65536];
};

int first(struct reply *out, const uint8_t *pkt, size_t len)
{
    unsigned amount;

    if (len < 3)
        return -1;
    amount = pkt[1] << 8 | pkt[2];
    memcpy(out->content, pkt + 3, amount); /* found: unchecked-message-length */
    return 0;
}

int second(struct reply *out, const uint8_t *pkt, size_t len)
{
    unsigned amount;

    if (len < 3)
        return -1;
    amount = pkt[1] << 8 | pkt[2];
    if (amount > len - 3)
        return -1;
    memcpy(out->content, pkt + 3, amount);
    return 0;
}

int third(struct reply *out, const uint8_t *pkt, size_t len)
{
    unsigned amount;

    if (len < 3)
        return -1;
    amount = pkt[1] << 8 | pkt[2];
    if (amount + 3 > len)
        return -1;
    memcpy(out->content, pkt + 3, amount);
    return 0;
}
