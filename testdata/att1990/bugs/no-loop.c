/* No loop at all: the variable has no value. */
unsigned channel_number(int config, unsigned slot, unsigned sub)
{
    unsigned bits;
    unsigned number;

    switch (config) {
    case FULL_RATE:
        bits = 1;
        break;
    case HALF_RATE:
        bits = 2 + sub;
        break;
    case SHARED:
        if (sub == 4) {
            number = 0;
            break;
        }
        bits = 4 + sub;
        break;
    default:
        bits = 16;
        break;
    }
    number = (bits << 3) | slot;
    return number;
}
