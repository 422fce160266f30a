/* Two bytes are read where one was asked for. */
int first(const char *text)
{
    int sum = 0;

    for (; *text; text++) {
        if (*text == '%')
            sum += text[1] * 16 + text[2]; /* found: past-end-of-text */
    }
    return sum;
}

int second(const char *text)
{
    int sum = 0;

    for (; *text; text++) {
        if (*text == '%' && text[1])
            sum += text[1] * 16 + text[2];
    }
    return sum;
}

int third(const char *text)
{
    int sum = 0;

    for (; *text; text++) {
        int high;

        if (*text != '%')
            continue;
        high = text[1];
        if (!high)
            return -1;
        sum += high * 16 + text[2];
    }
    return sum;
}

int fourth(const char *text, const char *end)
{
    int sum = 0;

    for (; text < end; text++) {
        if (*text == '%' && end - text > 2)
            sum += text[1] * 16 + text[2];
    }
    return sum;
}
