/* The break leaves a `do { … } while (0)` that the author wrote to be left. */
int check(struct packet *packet)
{
    int verdict;

    switch (packet->version) {
    case 1:
        verdict = REJECT;
        do {
            if (packet->length < 8)
                break;
            if (!is_signed(packet))
                break;
            verdict = ACCEPT;
        } while (0);
        break;
    default:
        verdict = REJECT;
        break;
    }
    return enforce(packet, verdict);
}
