/* Linux on LP64, as glibc has it. */
typedef _Bool bool;

typedef unsigned char u8, u8_t, uint8, uint_8, uchar, u_char, byte, BYTE, UCHAR, UINT8, guint8, guchar, u_int8, __u8, __uint8_t;
typedef unsigned short u16, u16_t, uint16, uint_16, ushort, u_short, WORD, USHORT, UINT16, guint16, gushort, u_int16, __u16, __uint16_t, __be16, __le16;
typedef unsigned int u32, u32_t, uint32, uint_32, uint, u_int, DWORD, UINT, UINT32, guint32, guint, u_int32, __u32, __uint32_t, __be32, __le32;
typedef unsigned long u64, u64_t, uint64, uint_64, UINT64, guint64, u_int64, __u64, __uint64_t, __be64, __le64, gsize;
typedef unsigned long ulong, u_long, gulong;
typedef signed char s8, s8_t, int8, int_8, schar, INT8, gint8, __s8, __int8_t;
typedef short s16, s16_t, int16, int_16, INT16, gint16, gshort, __s16, __int16_t;
typedef int s32, s32_t, int32, int_32, INT32, gint32, gint, gboolean, __s32, __int32_t;
typedef long s64, s64_t, int64, int_64, INT64, gint64, glong, __s64, __int64_t, gssize;
typedef char gchar;
typedef void *gpointer, *caddr_t;
typedef const void *gconstpointer;
typedef float gfloat;
typedef double gdouble;
typedef long quad_t, __time_t, __suseconds_t, __ssize_t, __off_t;
typedef unsigned long u_quad_t, __size_t;
typedef unsigned int __socklen_t;

typedef struct { unsigned int gp_offset, fp_offset; void *overflow_arg_area, *reg_save_area; } va_list[1], __gnuc_va_list[1];
typedef struct __crosstalk_file FILE;
typedef struct __crosstalk_dir DIR;
typedef unsigned long pthread_t;
typedef union { char __size[56]; long __align; } pthread_attr_t, pthread_rwlock_t;
typedef union { char __size[40]; long __align; } pthread_mutex_t;
typedef union { char __size[48]; long long __align; } pthread_cond_t;
typedef union { char __size[4]; int __align; } pthread_mutexattr_t, pthread_condattr_t, pthread_barrierattr_t;
typedef union { char __size[8]; long __align; } pthread_rwlockattr_t;
typedef union { char __size[32]; long __align; } pthread_barrier_t, sem_t;
typedef unsigned int pthread_key_t;
typedef int pthread_once_t;
typedef volatile int pthread_spinlock_t;
typedef struct { unsigned long __val[16]; } sigset_t;
typedef struct { long fds_bits[16]; } fd_set;
typedef struct { long __jmpbuf[8]; int __mask_was_saved; sigset_t __saved_mask; } jmp_buf[1], sigjmp_buf[1];
typedef struct { int quot, rem; } div_t;
typedef struct { long quot, rem; } ldiv_t;
typedef void (*sighandler_t)(int);
typedef void *timer_t;
typedef int key_t;
typedef int id_t;
typedef int regoff_t;
typedef struct { regoff_t rm_so, rm_eo; } regmatch_t;
typedef struct { void *buffer; unsigned long allocated, used, syntax; char *fastmap, *translate; size_t re_nsub; unsigned flags; } regex_t;

struct timeval { time_t tv_sec; suseconds_t tv_usec; };
struct timespec { time_t tv_sec; long tv_nsec; };
struct timezone { int tz_minuteswest, tz_dsttime; };
struct itimerval { struct timeval it_interval, it_value; };
struct itimerspec { struct timespec it_interval, it_value; };
struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; long tm_gmtoff; const char *tm_zone; };
struct tms { clock_t tms_utime, tms_stime, tms_cutime, tms_cstime; };

struct in_addr { in_addr_t s_addr; };
struct in6_addr {
    union { uint8_t __u6_addr8[16]; uint16_t __u6_addr16[8]; uint32_t __u6_addr32[4]; } __in6_u;
};
struct sockaddr { sa_family_t sa_family; char sa_data[14]; };
struct sockaddr_in { sa_family_t sin_family; in_port_t sin_port; struct in_addr sin_addr; unsigned char sin_zero[8]; };
struct sockaddr_in6 {
    sa_family_t sin6_family;
    in_port_t sin6_port;
    uint32_t sin6_flowinfo;
    struct in6_addr sin6_addr;
    uint32_t sin6_scope_id;
};
struct sockaddr_storage { sa_family_t ss_family; char __ss_padding[118]; unsigned long __ss_align; };
struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; };
struct sockaddr_ll {
    unsigned short sll_family, sll_protocol;
    int sll_ifindex;
    unsigned short sll_hatype;
    unsigned char sll_pkttype, sll_halen, sll_addr[8];
};
struct sockaddr_nl { sa_family_t nl_family; unsigned short nl_pad; uint32_t nl_pid, nl_groups; };
struct addrinfo {
    int ai_flags, ai_family, ai_socktype, ai_protocol;
    socklen_t ai_addrlen;
    struct sockaddr *ai_addr;
    char *ai_canonname;
    struct addrinfo *ai_next;
};
struct hostent { char *h_name, **h_aliases; int h_addrtype, h_length; char **h_addr_list; };
struct servent { char *s_name, **s_aliases; int s_port; char *s_proto; };
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr {
    void *msg_name;
    socklen_t msg_namelen;
    struct iovec *msg_iov;
    size_t msg_iovlen;
    void *msg_control;
    size_t msg_controllen;
    int msg_flags;
};
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
struct cmsghdr { size_t cmsg_len; int cmsg_level, cmsg_type; unsigned char __cmsg_data[]; };
struct linger { int l_onoff, l_linger; };
struct ip_mreq { struct in_addr imr_multiaddr, imr_interface; };
struct ipv6_mreq { struct in6_addr ipv6mr_multiaddr; unsigned int ipv6mr_interface; };
struct in_pktinfo { int ipi_ifindex; struct in_addr ipi_spec_dst, ipi_addr; };
struct in6_pktinfo { struct in6_addr ipi6_addr; unsigned int ipi6_ifindex; };
struct pollfd { int fd; short events, revents; };
struct epoll_event { uint32_t events; union { void *ptr; int fd; uint32_t u32; uint64_t u64; } data; } __attribute__((packed));
struct flock { short l_type, l_whence; off_t l_start, l_len; pid_t l_pid; };
struct rlimit { unsigned long rlim_cur, rlim_max; };
struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; };
struct stat {
    dev_t st_dev;
    ino_t st_ino;
    nlink_t st_nlink;
    mode_t st_mode;
    uid_t st_uid;
    gid_t st_gid;
    int __pad0;
    dev_t st_rdev;
    off_t st_size;
    blksize_t st_blksize;
    blkcnt_t st_blocks;
    struct timespec st_atim, st_mtim, st_ctim;
    long __glibc_reserved[3];
};
struct dirent { ino_t d_ino; off_t d_off; unsigned short d_reclen; unsigned char d_type; char d_name[256]; };
struct passwd { char *pw_name, *pw_passwd; uid_t pw_uid; gid_t pw_gid; char *pw_gecos, *pw_dir, *pw_shell; };
struct group { char *gr_name, *gr_passwd; gid_t gr_gid; char **gr_mem; };
struct ifreq { char ifr_name[16]; union { struct sockaddr ifr_addr; int ifr_ifindex; char ifr_slave[16]; char *ifr_data; char __pad[24]; }; };
struct utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
struct option { const char *name; int has_arg, *flag, val; };

struct ether_addr { uint8_t ether_addr_octet[6]; };
struct ether_header { uint8_t ether_dhost[6], ether_shost[6]; uint16_t ether_type; } __attribute__((packed));
struct ethhdr { unsigned char h_dest[6], h_source[6]; uint16_t h_proto; } __attribute__((packed));
struct iphdr {
    unsigned int ihl : 4, version : 4;
    uint8_t tos;
    uint16_t tot_len, id, frag_off;
    uint8_t ttl, protocol;
    uint16_t check;
    uint32_t saddr, daddr;
};
struct ip {
    unsigned int ip_hl : 4, ip_v : 4;
    uint8_t ip_tos;
    unsigned short ip_len, ip_id, ip_off;
    uint8_t ip_ttl, ip_p;
    unsigned short ip_sum;
    struct in_addr ip_src, ip_dst;
};
struct ip6_hdr {
    union {
        struct { uint32_t ip6_un1_flow; uint16_t ip6_un1_plen; uint8_t ip6_un1_nxt, ip6_un1_hlim; } ip6_un1;
        uint8_t ip6_un2_vfc;
    } ip6_ctlun;
    struct in6_addr ip6_src, ip6_dst;
};
struct udphdr {
    union {
        struct { uint16_t uh_sport, uh_dport, uh_ulen, uh_sum; };
        struct { uint16_t source, dest, len, check; };
    };
};
struct tcphdr {
    union {
        struct {
            uint16_t th_sport, th_dport;
            uint32_t th_seq, th_ack;
            uint8_t th_x2 : 4, th_off : 4, th_flags;
            uint16_t th_win, th_sum, th_urp;
        };
        struct {
            uint16_t source, dest;
            uint32_t seq, ack_seq;
            uint16_t res1 : 4, doff : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, res2 : 2;
            uint16_t window, check, urg_ptr;
        };
    };
};
struct nlmsghdr { uint32_t nlmsg_len; uint16_t nlmsg_type, nlmsg_flags; uint32_t nlmsg_seq, nlmsg_pid; };
struct rtattr { unsigned short rta_len, rta_type; };
struct ifreq {
    union { char ifrn_name[16]; } ifr_ifrn;
    union { struct sockaddr ifru_addr; short ifru_flags; int ifru_ivalue; char ifru_slave[16]; void *ifru_data; char __map[24]; } ifr_ifru;
};
struct ifaddrs {
    struct ifaddrs *ifa_next;
    char *ifa_name;
    unsigned int ifa_flags;
    struct sockaddr *ifa_addr, *ifa_netmask, *ifa_dstaddr;
    void *ifa_data;
};

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *block);
void *alloca(size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
void *memchr(const void *in, int byte, size_t size);
void *memmem(const void *in, size_t size, const void *part, size_t part_size);
int memcmp(const void *a, const void *b, size_t size);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t size);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t size);
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t size);
size_t strspn(const char *text, const char *accept);
size_t strcspn(const char *text, const char *reject);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *part);
char *strcasestr(const char *text, const char *part);
char *strpbrk(const char *text, const char *accept);
char *strtok(char *text, const char *separators);
char *strtok_r(char *text, const char *separators, char **rest);
char *strsep(char **text, const char *separators);
char *strdup(const char *text);
char *strndup(const char *text, size_t size);
char *strerror(int error);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t size);
int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
double atof(const char *text);
long strtol(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
long long strtoll(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);
double strtod(const char *text, char **end);
int printf(const char *format, ...);
int fprintf(FILE *to, const char *format, ...);
int sprintf(char *to, const char *format, ...);
int snprintf(char *to, size_t size, const char *format, ...);
int vsnprintf(char *to, size_t size, const char *format, va_list list);
int sscanf(const char *text, const char *format, ...);
int fgetc(FILE *from);
int getc(FILE *from);
char *fgets(char *to, int size, FILE *from);
size_t fread(void *to, size_t size, size_t count, FILE *from);
size_t fwrite(const void *from, size_t size, size_t count, FILE *to);
ssize_t getline(char **line, size_t *size, FILE *from);
char *getenv(const char *name);
int abs(int number);
long labs(long number);
int rand(void);
long random(void);
int isdigit(int character);
int isalpha(int character);
int isspace(int character);
int tolower(int character);
int toupper(int character);
time_t time(time_t *to);
uint16_t ntohs(uint16_t number);
uint32_t ntohl(uint32_t number);
uint16_t htons(uint16_t number);
uint32_t htonl(uint32_t number);
uint16_t be16toh(uint16_t number);
uint32_t be32toh(uint32_t number);
uint64_t be64toh(uint64_t number);
uint16_t le16toh(uint16_t number);
uint32_t le32toh(uint32_t number);
uint64_t le64toh(uint64_t number);
ssize_t read(int fd, void *to, size_t size);
ssize_t write(int fd, const void *from, size_t size);
ssize_t pread(int fd, void *to, size_t size, off_t at);
ssize_t readv(int fd, const struct iovec *to, int count);
ssize_t writev(int fd, const struct iovec *from, int count);
ssize_t recv(int fd, void *to, size_t size, int flags);
ssize_t recvfrom(int fd, void *to, size_t size, int flags, struct sockaddr *from, socklen_t *length);
ssize_t recvmsg(int fd, struct msghdr *message, int flags);
ssize_t send(int fd, const void *from, size_t size, int flags);
ssize_t sendto(int fd, const void *from, size_t size, int flags, const struct sockaddr *to, socklen_t length);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
int inet_pton(int family, const char *text, void *to);
const char *inet_ntop(int family, const void *from, char *to, socklen_t size);
in_addr_t inet_addr(const char *text);
char *inet_ntoa(struct in_addr address);

#define CHAR_BIT 8
#define SCHAR_MIN (-128)
#define SCHAR_MAX 127
#define UCHAR_MAX 255
#define CHAR_MIN (-128)
#define CHAR_MAX 127
#define SHRT_MIN (-32768)
#define SHRT_MAX 32767
#define USHRT_MAX 65535
#define INT_MIN (-2147483647 - 1)
#define INT_MAX 2147483647
#define UINT_MAX 4294967295U
#define LONG_MIN (-9223372036854775807L - 1)
#define LONG_MAX 9223372036854775807L
#define ULONG_MAX 18446744073709551615UL
#define LLONG_MIN (-9223372036854775807L - 1)
#define LLONG_MAX 9223372036854775807L
#define ULLONG_MAX 18446744073709551615UL
#define INT8_MIN (-128)
#define INT8_MAX 127
#define UINT8_MAX 255
#define INT16_MIN (-32768)
#define INT16_MAX 32767
#define UINT16_MAX 65535
#define INT32_MIN (-2147483647 - 1)
#define INT32_MAX 2147483647
#define UINT32_MAX 4294967295U
#define INT64_MIN (-9223372036854775807L - 1)
#define INT64_MAX 9223372036854775807L
#define UINT64_MAX 18446744073709551615UL
#define SIZE_MAX 18446744073709551615UL
#define SSIZE_MAX 9223372036854775807L
#define PATH_MAX 4096
#define MAXPATHLEN 4096
#define NAME_MAX 255
#define HOST_NAME_MAX 64
#define MAXHOSTNAMELEN 64
#define IOV_MAX 1024
#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#define INET_ADDRSTRLEN 16
#define INET6_ADDRSTRLEN 46
#define IFNAMSIZ 16
#define IF_NAMESIZE 16
#define ETH_ALEN 6
#define ETHER_ADDR_LEN 6
#define BUFSIZ 8192
#define FD_SETSIZE 1024
#define IPVERSION 4
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define EOF (-1)
