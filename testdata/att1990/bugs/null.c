/* The break is taken because the detector is missing, and the code behind the switch uses it. */
struct frame *inspect(struct detector *detector, struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_VOICE:
        if (!detector->dsp)
            break;
        if (!is_supported(frame))
            return frame;
        count(frame);
        break;
    default:
        return frame;
    }
    return process(detector->dsp, frame);
}
