/* As van der Linden tells it: the break stands in the else. */
static struct modes *modes;

void network_code(struct line *line)
{
    for (; line; line = line->next) {
        switch (line->kind) {
        case THING1:
            do_it1(line);
            modes = modes_of(line);
            break;
        case THING2:
            if (line->x == STUFF) {
                if (line->y != OTHER_STUFF)
                    do_later_stuff(line);
                else
                    break;
            }
            initialize_modes_pointer(line);
            modes = modes_of(line);
            break;
        default:
            processing(line);
            modes = default_modes();
        }
        use_modes_pointer(modes);
    }
}
