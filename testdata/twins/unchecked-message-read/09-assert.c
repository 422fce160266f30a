/* An assertion that a release leaves out, and what stays in every build. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define SURELY(c) do { if (!(c)) abort(); } while (0)

int first(const uint8_t *pkt, size_t len)
{
    assert(len > 1);
    return pkt[1]; /* found: unchecked-message-read */
}

int second(const uint8_t *pkt, size_t len)
{
    SURELY(len > 1);
    return pkt[1];
}

int third(const uint8_t *pkt, size_t len)
{
    if (!(len > 1))
        abort();
    return pkt[1];
}
