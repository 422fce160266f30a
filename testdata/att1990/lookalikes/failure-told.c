/* The branch does something before it leaves: that is meant. */
void serve(struct session *session)
{
    struct reply reply;

    while (next(session)) {
        reply = empty_reply();
        switch (session->request) {
        case REQ_GET:
            if (session->locked) {
                if (!unlock(session)) {
                    reply = refusal(session);
                    break;
                }
                touch(session);
            }
            reply = content(session);
            break;
        default:
            reply = unknown(session);
            break;
        }
        send_reply(session, reply);
    }
}
