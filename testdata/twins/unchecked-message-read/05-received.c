/* As many bytes as came, and one that may not have. */
#include <stdint.h>
#include <sys/socket.h>

int first(int fd, uint8_t *room, size_t size)
{
    ssize_t came = recv(fd, room, size, 0);

    if (came < 2)
        return -1;
    return room[1] + room[2]; /* found: unchecked-message-read */
}

int second(int fd, uint8_t *room, size_t size)
{
    ssize_t came = recv(fd, room, size, 0);

    if (came < 3)
        return -1;
    return room[1] + room[2];
}

int third(int fd, uint8_t *room, size_t size)
{
    ssize_t came;

    while ((came = recv(fd, room, size, 0)) > 2) {
        if (room[1] != room[2])
            return 1;
    }
    return 0;
}
