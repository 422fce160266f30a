/* What the program of 1990 needs; nothing of it has to be found for a check. */
enum kind { INCOMING_MESSAGE, STATUS_REQUEST };

struct ring;
struct parameters;

struct message {
    enum kind kind;
    int sender;
};

struct node {
    struct ring *receive, *side, *write;
};
