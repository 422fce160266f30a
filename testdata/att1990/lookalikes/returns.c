/* The early exit returns. */
int negotiate(struct media *media)
{
    struct format *format;

    switch (media->kind) {
    case MEDIA_AUDIO:
        if (media->held) {
            if (media->music)
                play(media->music);
            else
                return 0;
        }
        format = audio_format(media);
        break;
    default:
        format = any_format(media);
        break;
    }
    return apply(format);
}
