/* What is left unset is behind a pointer. */
void describe(struct stream *stream, int *rate)
{
    while (next_packet(stream)) {
        switch (stream->payload) {
        case PT_PCMU:
            *rate = 8000;
            break;
        case PT_DYNAMIC:
            if (stream->map) {
                if (map_is_complete(stream->map))
                    apply_map(stream);
                else
                    break;
            }
            *rate = mapped_rate(stream);
            break;
        default:
            *rate = 0;
            break;
        }
        resample(stream, *rate);
    }
}
