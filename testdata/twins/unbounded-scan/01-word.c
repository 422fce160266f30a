/* A word of any length. */
#include <stdio.h>

int first(const char *line)
{
    char word[16];

    if (sscanf(line, "%s", word) != 1) /* found: unbounded-scan */
        return -1;
    return word[0];
}

int second(const char *line)
{
    char word[16];

    if (sscanf(line, "%15s", word) != 1)
        return -1;
    return word[0];
}

int third(const char *line)
{
    char unit;

    if (sscanf(line, "%*s %c", &unit) != 1)
        return -1;
    return unit;
}
