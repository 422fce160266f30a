/* The code behind the switch is ready for the case that it is not set. */
void forward(struct node *node)
{
    struct peer *peer = 0;

    switch (node->role) {
    case ROLE_EDGE:
        if (node->drained)
            break;
        peer = nearest(node);
        break;
    case ROLE_CORE:
        peer = upstream(node);
        break;
    }
    if (peer)
        send_to(peer);
    else
        store(node);
}
