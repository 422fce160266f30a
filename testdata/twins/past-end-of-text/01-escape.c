/* The byte behind an escape is skipped, whether it is there or not. */
int first(const char *line)
{
    int n = 0;

    while (*line && *line != '"') {
        if (*line == '\\')
            line++;
        line++; /* found: past-end-of-text */
        n++;
    }
    return n;
}

int second(const char *line)
{
    int n = 0;

    while (*line && *line != '"') {
        if (*line == '\\' && line[1])
            line++;
        line++;
        n++;
    }
    return n;
}

int third(const char *line)
{
    int n = 0;
    char c;

    while ((c = *line++) != 0) {
        if (c == '\\' && (c = *line++) == 0)
            break;
        n++;
    }
    return n;
}

int fourth(const char *line)
{
    int n = 0;

    for (; *line; line++) {
        switch (*line) {
        case '\\':
            switch (*++line) {
            case 0:
                return -1;
            default:
                n++;
            }
            break;
        case '"':
            return n;
        }
    }
    return n;
}
