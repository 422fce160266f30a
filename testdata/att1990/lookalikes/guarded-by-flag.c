/* The same flag decides whether the variable is used. */
void transfer(struct leg *leg)
{
    struct route *route;
    int ok = 0;

    switch (leg->mode) {
    case MODE_BLIND:
        if (leg->barred)
            break;
        route = blind_route(leg);
        ok = 1;
        break;
    case MODE_ATTENDED:
        route = attended_route(leg);
        ok = 1;
        break;
    }
    if (ok)
        follow(route);
}
