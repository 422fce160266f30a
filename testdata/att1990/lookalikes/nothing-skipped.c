/* Nothing of the section is left to do. */
void step(struct machine *machine)
{
    while (is_running(machine)) {
        switch (machine->state) {
        case READY:
            prepare(machine);
            if (machine->fast) {
                boost(machine);
                break;
            }
            slow_down(machine);
            break;
        default:
            idle(machine);
            break;
        }
        tick(machine);
    }
}
