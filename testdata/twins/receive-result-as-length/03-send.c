/* What came is sent on. */
#include <sys/socket.h>

void first(int fd, int to)
{
    char room[300];
    int came = recv(fd, room, sizeof room, 0);

    send(to, room, came, 0); /* found: receive-result-as-length */
}

void second(int fd, int to)
{
    char room[300];
    int came = recv(fd, room, sizeof room, 0);

    if (came > 0)
        send(to, room, came, 0);
}

void third(int fd, int to)
{
    char room[300];
    int came = recv(fd, room, sizeof room, 0);

    if (came == -1)
        return;
    send(to, room, came, 0);
}
