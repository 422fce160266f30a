/* The break is a macro's. */
#define LEAVE_UNLESS(condition) if (!(condition)) break

void poll_all(struct port *port)
{
    struct frame *frame;

    for (; port; port = port->next) {
        switch (port->kind) {
        case PORT_ANALOG:
            frame = read_analog(port);
            break;
        case PORT_DIGITAL:
            if (port->shared) {
                lock(port);
                LEAVE_UNLESS(owns(port));
                claim(port);
            }
            frame = read_digital(port);
            break;
        default:
            frame = silence();
            break;
        }
        deliver(port, frame);
    }
}
