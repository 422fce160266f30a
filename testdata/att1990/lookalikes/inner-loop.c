/* The break leaves a loop inside the section. */
void drain(struct box *box)
{
    int taken;

    switch (box->kind) {
    case BOX_FIFO:
        for (;;) {
            if (is_empty(box))
                break;
            drop(box);
        }
        taken = count(box);
        break;
    default:
        taken = 0;
        break;
    }
    account(box, taken);
}
