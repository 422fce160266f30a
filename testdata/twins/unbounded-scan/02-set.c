/* All up to a delimiter. */
#include <stdio.h>

struct contact {
    char user[32];
    int port;
};

int first(struct contact *out, const char *line)
{
    return sscanf(line, "%[^:]:%d", out->user, &out->port); /* found: unbounded-scan */
}

int second(struct contact *out, const char *line)
{
    return sscanf(line, "%31[^:]:%d", out->user, &out->port);
}

int third(struct contact *out, const char *line)
{
    return sscanf(line, "%*[^:]:%d", &out->port);
}
