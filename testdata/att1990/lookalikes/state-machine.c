/* A scanner that stays in its state on purpose. */
void scan(struct scanner *s)
{
    for (; *s->at; s->at++) {
        switch (s->state) {
        case IN_NAME:
            if (*s->at != '=')
                break;
            s->name_end = s->at;
            s->state = IN_VALUE;
            break;
        case IN_VALUE:
            if (*s->at != ';')
                break;
            s->value_end = s->at;
            s->state = IN_NAME;
            break;
        }
        note_position(s);
    }
}
