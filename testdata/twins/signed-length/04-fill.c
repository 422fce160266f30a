/* A number out of text as the size of a fill. */
#include <stdlib.h>
#include <string.h>

int first(const char *header)
{
    char block[64];
    int amount = atoi(header);

    memset(block, 0, amount); /* found: signed-length */
    return block[0];
}

int second(const char *header)
{
    char block[64];
    int amount = atoi(header);

    if (amount < 1 || amount > 64)
        return -1;
    memset(block, 0, amount);
    return block[0];
}

int third(const char *header)
{
    char block[64];
    int amount = atoi(header);

    if ((unsigned)amount > sizeof block)
        return -1;
    memset(block, 0, amount);
    return block[0];
}
