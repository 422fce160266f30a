/* A difference without a sign is never below zero. */

struct transfer {
    unsigned wanted;
    unsigned given;
    int owed;
    int paid;
};

int first(const struct transfer *transfer)
{
    if (transfer->given - transfer->wanted < 0) /* found: length-underflow */
        return 0;
    return 1;
}

int second(const struct transfer *transfer)
{
    if (transfer->given < transfer->wanted)
        return 0;
    return 1;
}

int third(const struct transfer *transfer)
{
    if (transfer->paid - transfer->owed < 0)
        return 0;
    return 1;
}
