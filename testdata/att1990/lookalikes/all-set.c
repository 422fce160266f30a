/* Both ways set the variable before they leave. */
void tune(struct radio *radio)
{
    int level;

    switch (radio->band) {
    case BAND_LOW:
        if (radio->quiet) {
            level = 1;
            if (radio->locked)
                break;
            relax(radio);
        }
        level = 2;
        break;
    default:
        level = 0;
        break;
    }
    amplify(radio, level);
}
