/* The last of a list has no comma behind it. */
#include <string.h>

int first(const char *list, int wanted)
{
    while (*list) {
        size_t n = strcspn(list, ",");

        if (n == 4 && wanted == list[0])
            return 1;
        list += n + 1; /* found: past-end-of-text */
    }
    return 0;
}

int second(const char *list, int wanted)
{
    while (*list) {
        size_t n = strcspn(list, ",");

        if (n == 4 && wanted == list[0])
            return 1;
        list += n;
        if (*list)
            list++;
    }
    return 0;
}

int third(const char *list, int wanted)
{
    for (;;) {
        const char *comma = strchr(list, ',');

        if (wanted == list[0])
            return 1;
        if (!comma)
            return 0;
        list = comma + 1;
    }
}

int fourth(const char *list, int wanted)
{
    size_t i = 0;

    while (list[i]) {
        size_t n = strcspn(list + i, ",");

        if (wanted == list[i])
            return 1;
        i += n;
        i += list[i] == ',';
    }
    return 0;
}
