/* A wrapper gives on the result, -1 and all. */
#include <string.h>
#include <sys/socket.h>

static ssize_t take(int fd, char *room, size_t size)
{
    return recv(fd, room, size, 0);
}

void first(int fd, char *out)
{
    char room[300];
    ssize_t came = take(fd, room, sizeof room);

    memcpy(out, room, came); /* found: receive-result-as-length */
}

void second(int fd, char *out)
{
    char room[300];
    ssize_t came = take(fd, room, sizeof room);

    if (came >= 0)
        memcpy(out, room, came);
}

void third(int fd, char *out)
{
    char room[300];
    ssize_t came = take(fd, room, sizeof room);

    if (came == -1)
        return;
    memcpy(out, room, came);
}
