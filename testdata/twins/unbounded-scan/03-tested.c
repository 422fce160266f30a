/* The length of the line was tested, and is one too many. */
#include <stdio.h>
#include <string.h>

int first(const char *line)
{
    char word[16];

    if (strlen(line) > sizeof word)
        return -1;
    return sscanf(line, "%s", word) + word[0]; /* found: unbounded-scan */
}

int second(const char *line)
{
    char word[16];

    if (strlen(line) >= sizeof word)
        return -1;
    return sscanf(line, "%s", word) + word[0];
}

int third(const char *line)
{
    char word[16];

    if (strlen(line) < 16)
        return sscanf(line, "%s", word) + word[0];
    return -1;
}
