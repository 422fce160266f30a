/* What is left unset is a field of a structure. */
void answer(struct dialog *list)
{
    struct dialog *d;

    for (d = list; d; d = d->next) {
        switch (d->state) {
        case STATE_EARLY:
            if (d->reliable) {
                if (d->acked)
                    stop_retransmission(d);
                else
                    break;
            }
            d->timer = start_timer(d);
            d->state = STATE_CONFIRMED;
            break;
        case STATE_CONFIRMED:
            d->timer = refresh_timer(d);
            break;
        default:
            d->timer = no_timer();
            break;
        }
        arm(d->timer);
    }
}
