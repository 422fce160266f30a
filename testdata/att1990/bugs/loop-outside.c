/* The break was to leave the loop, as the one in the first section does by its flag. */
void read_attributes(struct reader *reader)
{
    int done = 0;

    while (!done) {
        int type = next_type(reader);

        switch (type) {
        case ATTR_USERNAME:
            set_username(reader);
            break;
        case ATTR_INTEGRITY:
            if (reader->strict)
                break;
            check_integrity(reader);
            done = 1;
            break;
        default:
            skip_attribute(reader);
            break;
        }
        if (done)
            break;
        advance(reader);
    }
    finish(reader);
}
