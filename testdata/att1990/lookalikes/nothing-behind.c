/* Nothing runs behind the switch. */
void on_key(struct phone *phone, int key)
{
    switch (key) {
    case KEY_HOLD:
        if (!phone->call) {
            if (phone->parked)
                phone->call = phone->parked;
            else
                break;
        }
        hold(phone->call);
        break;
    case KEY_MUTE:
        mute(phone);
        break;
    }
}
