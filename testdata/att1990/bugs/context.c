/* The pointers live in a context structure that every section is to set up. */
void handle_event(struct context *ctx, int event)
{
    while (has_event(ctx)) {
        switch (event) {
        case EVENT_SETUP:
            if (ctx->channel) {
                if (channel_is_idle(ctx->channel)) {
                    reuse_channel(ctx);
                } else
                    break;
            }
            ctx->leg = new_leg(ctx);
            ctx->timer = new_timer(ctx);
            break;
        case EVENT_RELEASE:
            ctx->leg = last_leg(ctx);
            ctx->timer = no_timer();
            break;
        default:
            ctx->leg = no_leg();
            ctx->timer = no_timer();
            break;
        }
        bill(ctx->leg);
        event = next_event(ctx);
    }
}
