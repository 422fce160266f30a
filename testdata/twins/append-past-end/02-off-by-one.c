/* A list in a structure that may be full. */
#define MOST 12

struct route {
    int hops[MOST];
    unsigned used;
};

int first(struct route *route, int hop)
{
    if (route->used > MOST)
        return -1;
    route->hops[route->used++] = hop; /* found: append-past-end */
    return 0;
}

int second(struct route *route, int hop)
{
    if (route->used >= MOST)
        return -1;
    route->hops[route->used++] = hop;
    return 0;
}

int third(struct route *route, int hop)
{
    if (route->used < sizeof route->hops / sizeof route->hops[0])
        route->hops[route->used++] = hop;
    return 0;
}
