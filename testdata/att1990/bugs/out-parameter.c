/* A call would have filled it. */
void dispatch(struct queue *queue)
{
    struct request request;

    while (take(queue)) {
        switch (queue->head) {
        case MSG_INVITE:
            if (queue->replayed) {
                if (is_known(queue)) {
                    forget(queue);
                } else {
                    break;
                }
            }
            parse_invite(queue, &request);
            break;
        case MSG_BYE:
            parse_bye(queue, &request);
            break;
        default:
            parse_other(queue, &request);
            break;
        }
        serve(queue, request.method);
    }
}
