/* Three ifs deep: the author meant to leave the innermost. */
void route(struct call *call)
{
    struct trunk *trunk;

    while ((call = next_call(call))) {
        switch (call->type) {
        case CALL_LOCAL:
            trunk = local_trunk(call);
            break;
        case CALL_TOLL:
            if (call->priority) {
                if (call->carrier) {
                    if (carrier_is_up(call->carrier)) {
                        mark_carrier(call);
                    } else {
                        break;
                    }
                }
                raise_priority(call);
            }
            trunk = toll_trunk(call);
            break;
        default:
            trunk = spare_trunk();
            break;
        }
        seize(trunk, call);
    }
}
