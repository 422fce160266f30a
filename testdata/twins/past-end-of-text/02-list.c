/* The last of a list has no comma behind it. */
int first(const char *list, int wanted)
{
    while (*list) {
        const char *item = list;

        while (*list && *list != ',')
            list++;
        if (wanted == *item)
            return 1;
        list++; /* found: past-end-of-text */
    }
    return 0;
}

int second(const char *list, int wanted)
{
    while (*list) {
        const char *item = list;

        while (*list && *list != ',')
            list++;
        if (wanted == *item)
            return 1;
        if (*list)
            list++;
    }
    return 0;
}

int third(const char *list, int wanted)
{
    while (*list) {
        const char *item = list;

        while (*list && *list != ',')
            list++;
        if (wanted == *item)
            return 1;
        if (!*list)
            break;
        list++;
    }
    return 0;
}

int fourth(const char *list, int wanted)
{
    unsigned at = 0;

    while (list[at]) {
        unsigned item = at;

        while (list[at] && list[at] != ',')
            at++;
        if (wanted == list[item])
            return 1;
        at += list[at] == ',';
    }
    return 0;
}
