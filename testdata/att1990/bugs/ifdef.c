/* The section is compiled under one configuration only. */
void start(struct board *board)
{
    struct clock *clock;

    switch (board->kind) {
    case BOARD_MASTER:
        clock = own_clock(board);
        break;
#ifdef WITH_REDUNDANCY
    case BOARD_STANDBY:
        if (board->peer) {
            if (peer_is_alive(board->peer))
                follow(board->peer);
            else
                break;
        }
        clock = peer_clock(board);
        break;
#endif
    default:
        clock = free_running();
        break;
    }
    run(board, clock);
}
