/* What came is copied, whether it came or not. */
#include <string.h>
#include <sys/socket.h>

void first(int fd, char *out)
{
    char room[300];
    ssize_t came = recv(fd, room, sizeof room, 0);

    memcpy(out, room, came); /* found: receive-result-as-length */
}

void second(int fd, char *out)
{
    char room[300];
    ssize_t came = recv(fd, room, sizeof room, 0);

    if (came < 0)
        return;
    memcpy(out, room, came);
}

void third(int fd, char *out)
{
    char room[300];
    ssize_t came;

    while ((came = recv(fd, room, sizeof room, 0)) > 0)
        memcpy(out, room, came);
}
