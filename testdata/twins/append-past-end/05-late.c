/* The test stands behind the write. */
#define MOST 12

struct route {
    int hops[MOST];
    unsigned used;
};

int first(struct route *route, int hop)
{
    route->hops[route->used] = hop; /* found: append-past-end */
    if (route->used >= MOST)
        return -1;
    route->used++;
    return 0;
}

int second(struct route *route, int hop)
{
    if (route->used >= MOST)
        return -1;
    route->hops[route->used] = hop;
    route->used++;
    return 0;
}

int third(struct route *route, int hop)
{
    route->hops[route->used % MOST] = hop;
    route->used++;
    return 0;
}
