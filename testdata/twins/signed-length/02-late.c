/* The test for a negative number comes too late. */
#include <stdlib.h>
#include <string.h>

struct block {
    char text[99];
};

int first(struct block *out, const char *header, const char *from)
{
    long amount = strtol(header, NULL, 10);

    if (amount > 99)
        return -1;
    memcpy(out->text, from, amount); /* found: signed-length */
    if (amount < 0)
        return -1;
    return 0;
}

int second(struct block *out, const char *header, const char *from)
{
    long amount = strtol(header, NULL, 10);

    if (amount > 99)
        return -1;
    if (amount < 0)
        return -1;
    memcpy(out->text, from, amount);
    return 0;
}

int third(struct block *out, const char *header, const char *from)
{
    long amount = strtol(header, NULL, 10);

    if (amount >= 0 && amount <= 99)
        memcpy(out->text, from, amount);
    return 0;
}
