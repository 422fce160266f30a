/* A number out of text as the size of a copy. */
#include <stdlib.h>
#include <string.h>

struct block {
    char text[99];
};

void first(struct block *out, const char *header, const char *from)
{
    int amount = atoi(header);

    memcpy(out->text, from, amount); /* found: signed-length */
}

int second(struct block *out, const char *header, const char *from)
{
    int amount = atoi(header);

    if (amount < 0 || amount > 99)
        return -1;
    memcpy(out->text, from, amount);
    return 0;
}

void third(struct block *out, const char *header, const char *from)
{
    int amount = atoi(header);

    if (amount < 0)
        amount = 0;
    if (amount > 99)
        amount = 99;
    memcpy(out->text, from, amount);
}
