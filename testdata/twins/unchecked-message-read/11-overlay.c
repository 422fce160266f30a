/* A structure is laid over bytes that may be fewer. */
#include <stddef.h>
#include <stdint.h>

struct report {
    uint32_t source;
    uint32_t lost;
    uint32_t jitter;
};

uint32_t first(const uint8_t *payload, size_t len)
{
    const struct report *report;

    if (len < 4)
        return 0;
    report = (const struct report *)payload; /* found: unchecked-message-read */
    return report->source;
}

uint32_t second(const uint8_t *payload, size_t len)
{
    const struct report *report;

    if (len < sizeof *report)
        return 0;
    report = (const struct report *)payload;
    return report->source + report->jitter;
}

uint32_t third(const uint8_t *payload, size_t len)
{
    const struct report *report;
    uint32_t sum = 0;

    while (len >= sizeof(struct report)) {
        report = (const struct report *)payload;
        sum += report->lost;
        payload += sizeof(struct report);
        len -= sizeof(struct report);
    }
    return sum;
}
