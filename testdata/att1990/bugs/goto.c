/* A goto to right behind the switch is the same jump. */
void flush_all(struct link *link)
{
    struct batch *batch;

    switch (link->mode) {
    case MODE_STREAM:
        batch = stream_batch(link);
        break;
    case MODE_PACKET:
        if (link->pending) {
            if (link->urgent)
                promote(link);
            else
                goto out;
        }
        batch = packet_batch(link);
        break;
    default:
        batch = empty_batch();
        break;
    }
out:
    write_batch(link, batch);
}
