/*
 * The bug of 15 January 1990, in C, after the pseudo-code that D. Burke published in 1995 ("All Circuits are Busy
 * Now"). Nobody published AT&T's source.
 *
 * A switch that has been out of service sends two messages in quick succession. The first one still waits to be
 * written down when the second arrives: the `else` is taken, and its `break`, which was to leave the `if`, leaves the
 * whole `switch`. The message is not processed, and the optional parameters of another one are worked on.
 */
#include "4ess.h"

void receive(struct node *self)
{
    struct parameters *optional = 0;

    while (!ring_is_empty(&self->receive) && !ring_is_empty(&self->side)) {
        struct message *message = first_message(self);
        struct message copy = *message;

        switch (copy.kind) {
        case INCOMING_MESSAGE:
            if (is_out_of_service(self, copy.sender)) {
                if (ring_is_empty(&self->write)) {
                    send_in_service(self, copy.sender);
                } else
                    break;
            }
            process_incoming(self, &copy);
            optional = optional_parameters(&copy);
            break;
        case STATUS_REQUEST:
            report_status(self, &copy);
            optional = status_parameters(&copy);
            break;
        default:
            count_unknown(self);
            optional = no_parameters();
            break;
        }
        do_optional_work(self, optional);
    }
}
