/* The break stands in the first branch, and no else is written. */
int pick_codec(struct offer *offer, int kind)
{
    struct codec *codec;

    switch (kind) {
    case KIND_AUDIO:
        if (offer->restricted) {
            note_restriction(offer);
            if (offer->codec_count == 1)
                break;
            drop_forbidden(offer);
        }
        codec = best_audio(offer);
        break;
    case KIND_VIDEO:
        codec = best_video(offer);
        break;
    default:
        return -1;
    }
    return use_codec(codec);
}
