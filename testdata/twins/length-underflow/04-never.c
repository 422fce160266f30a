/* A difference without a sign is never below zero. */

int first(unsigned given, unsigned wanted)
{
    if (given - wanted < 0) /* found: length-underflow */
        return 0;
    return 1;
}

int second(unsigned given, unsigned wanted)
{
    if (given < wanted)
        return 0;
    return 1;
}

int third(int given, int wanted)
{
    if (given - wanted < 0)
        return 0;
    return 1;
}
