/* From a stream. */
#include <stdio.h>

int first(FILE *from)
{
    char word[20];

    if (fscanf(from, "name %s", word) != 1) /* found: unbounded-scan */
        return -1;
    return word[0];
}

int second(FILE *from)
{
    char word[20];

    if (fscanf(from, "name %19s", word) != 1)
        return -1;
    return word[0];
}

int third(FILE *from)
{
    char word[20];

    if (!fgets(word, sizeof word, from))
        return -1;
    return sscanf(word, "name %*s") + word[0];
}
