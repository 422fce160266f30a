/* The author says why. */
void collect(struct counter *counter)
{
    struct sample sample;

    for (; counter; counter = counter->next) {
        switch (counter->kind) {
        case COUNT_CALLS:
            if (counter->shared) {
                if (counter->owner)
                    take(counter);
                else
                    break; /* keep the last sample, somebody else counts */
            }
            sample = count_calls(counter);
            break;
        default:
            sample = count_all(counter);
            break;
        }
        publish(counter, sample);
    }
}
