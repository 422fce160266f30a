/* A guard in a macro, against the wrong array. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#define FITS(amount, array) do { if ((amount) > sizeof(array)) return -1; } while (0)

struct realm {
    char name[40];
    char alias[60];
};

int first(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    FITS(amount, out->alias);
    memcpy(out->name, from, amount); /* found: unchecked-message-length */
    return 0;
}

int second(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    FITS(amount, out->name);
    memcpy(out->name, from, amount);
    return 0;
}

int third(struct realm *out, const uint16_t *word, const char *from)
{
    unsigned amount = ntohs(*word);

    FITS(amount, out->name);
    memcpy(out->alias, from, amount);
    return 0;
}
