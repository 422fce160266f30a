/* What is skipped only adds to a counter. */
void tally(struct list *list)
{
    int total = 0;

    for (; list; list = list->next) {
        switch (list->kind) {
        case KIND_PAID:
            if (list->void_entry)
                break;
            total += list->amount;
            break;
        case KIND_FREE:
            total++;
            break;
        }
        show(list, total);
    }
}
