/* A guard in a macro, and one that asks for one byte less. */
#include <stddef.h>
#include <stdint.h>

#define NEEDS(left, wanted) do { if ((left) < (wanted)) return -1; } while (0)

int first(const uint8_t *frame, size_t len)
{
    NEEDS(len, 3);
    return frame[3]; /* found: unchecked-message-read */
}

int second(const uint8_t *frame, size_t len)
{
    NEEDS(len, 4);
    return frame[3];
}

int third(const uint8_t *frame, size_t len)
{
    NEEDS(len, 1);
    frame++;
    len--;
    NEEDS(len, 3);
    return frame[2];
}
