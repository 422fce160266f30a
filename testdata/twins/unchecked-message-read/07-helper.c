/* What a helper reads is for its caller to prove. */
#include <stddef.h>
#include <stdint.h>

static int version(const uint8_t *pkt, size_t len)
{
    return len ? pkt[7] >> 4 : 0;
}

static int revision(const uint8_t *pkt, size_t len)
{
    return len ? pkt[7] & 15 : 0;
}

int first(const uint8_t *pkt, size_t len)
{
    if (len < 4)
        return -1;
    return version(pkt, len); /* found: unchecked-message-read */
}

int second(const uint8_t *pkt, size_t len)
{
    if (len < 8)
        return -1;
    return version(pkt, len) + revision(pkt, len);
}
