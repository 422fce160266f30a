/* The test comes when it is copied. */
#include <string.h>
#include <unistd.h>

int first(int fd, char *out)
{
    char room[300];
    ssize_t came = read(fd, room, sizeof room);

    memcpy(out, room, came); /* found: receive-result-as-length */
    if (came < 0)
        return -1;
    return 0;
}

int second(int fd, char *out)
{
    char room[300];
    ssize_t came = read(fd, room, sizeof room);

    if (came == -1)
        return -1;
    memcpy(out, room, came);
    return 0;
}

int third(int fd, char *out)
{
    char room[300];
    ssize_t came = read(fd, room, sizeof room);

    if (came != sizeof room)
        return -1;
    memcpy(out, room, came);
    return 0;
}
