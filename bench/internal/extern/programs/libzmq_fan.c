// Pub-sub and push-pull of the libzmq peer, as package wire describes under Fan. Part of
// libzmq.c, which includes it: it uses its lines, clock and context.

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIPT_EVERY = 128, PROBE_MS = 5, QUIET_MS = 300, PROBE_WAIT_MS = 10000, MAX_SUBS = 64, AHEAD = 64 };

// ---- the server's side; the thread that reads the commands does it all

static struct {
    void *sock; // NULL: not open
    int probing;
    int receipts; // descriptor; -1: none
} pub = {NULL, 0, -1};

static void pub_close(void) {
    if (pub.receipts >= 0)
        close(pub.receipts);
    if (pub.sock)
        zmq_close(pub.sock);
    pub.sock = NULL, pub.probing = 0, pub.receipts = -1;
}

static void pub_open(const char *line) {
    pub_close();
    int push = says(line, "work", "push"), none = 0;
    char end[128];
    size_t len = sizeof end;
    pub.sock = zmq_socket(ctx, push ? ZMQ_PUSH : ZMQ_PUB);
    zmq_setsockopt(pub.sock, ZMQ_LINGER, &none, sizeof none);
    // A busy PUB hears only once in a millisecond or so that its queues have room again, so
    // that it drops below its high-water mark at this speed. Where nothing shall be lost it
    // is told to wait instead.
    int wait = number(line, "window") > 0;
    if (!push)
        zmq_setsockopt(pub.sock, ZMQ_XPUB_NODROP, &wait, sizeof wait);
    if (zmq_bind(pub.sock, "tcp://127.0.0.1:*") || zmq_getsockopt(pub.sock, ZMQ_LAST_ENDPOINT, end, &len)) {
        fail("bind");
        return;
    }
    pub.probing = 1;
    printf("{\"ready\":\"%s\"}\n", end + strlen("tcp://"));
    fflush(stdout);
}

// Waits for a command and sends probes meanwhile. The parent sends one line and waits
// for the answer, so nothing is ever left in stdio's buffer when poll is asked.
static void pub_probe(void) {
    struct pollfd in = {0, POLLIN, 0};
    while (pub.probing && poll(&in, 1, PROBE_MS) == 0)
        zmq_send(pub.sock, "p", 1, ZMQ_DONTWAIT);
}

static int dial(const char *line) {
    char host[32];
    int port;
    const char *p = strstr(line, "\"addr\":\"");
    if (!p || sscanf(p, "\"addr\":\"%31[0-9.]:%d", host, &port) != 2)
        return -1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &a.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&a, sizeof a) ? -1 : fd;
}

static void pub_run(const char *line) {
    pub.probing = 0;
    long size = number(line, "size"), window = number(line, "window");
    if (pub.receipts >= 0)
        close(pub.receipts);
    pub.receipts = -1;
    if (window && (pub.receipts = dial(line)) < 0) {
        fail("receipts");
        return;
    }
    if (window) {
        struct timeval t = {0, QUIET_MS * 1000};
        setsockopt(pub.receipts, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    }
    char *msg = calloc(1, size), buf[64];
    int64_t start = now_ns(), end = start + number(line, "millis") * 1000000, sent = 0, got = 0;
    for (;;) {
        for (int i = 0; i < RECEIPT_EVERY; i++)
            if (zmq_send(pub.sock, msg, size, 0) < 0) {
                fail("emit");
                free(msg);
                return;
            }
        sent += RECEIPT_EVERY;
        if (window && sent - got > window - RECEIPT_EVERY) {
            ssize_t n = read(pub.receipts, buf, sizeof buf);
            if (n <= 0)
                break; // messages were lost: the client will count them
            got += n * RECEIPT_EVERY;
        }
        if (now_ns() > end)
            break;
    }
    free(msg);
    printf("{\"ops\":%lld,\"seconds\":%.9f}\n", (long long)sent, (now_ns() - start) / 1e9);
    fflush(stdout);
}

// ---- the client's side: a thread for each subscriber

static struct {
    int n, push, listener, receipts;
    long size, window;
    pthread_t threads[MAX_SUBS], acceptor;
    void *socks[MAX_SUBS];
    _Atomic int64_t count[MAX_SUBS][8]; // one cache line each
    _Atomic int probed, stop;
    pthread_mutex_t mu; // guards receipts, owed and passed
    int owed, passed[AHEAD];
} subs = {.mu = PTHREAD_MUTEX_INITIALIZER, .receipts = -1};

static void send_receipts(int n) {
    char bytes[AHEAD] = {0};
    if (n > 0) // where it fails the publisher is waiting in vain, and says so
        (void)!send(subs.receipts, bytes, n, MSG_NOSIGNAL);
}

static void *sub_accept(void *unused) {
    for (;;) {
        int fd = accept(subs.listener, NULL, NULL);
        if (fd < 0)
            return unused;
        pthread_mutex_lock(&subs.mu);
        if (subs.receipts >= 0)
            close(subs.receipts);
        subs.receipts = fd;
        send_receipts(subs.owed);
        subs.owed = 0;
        pthread_mutex_unlock(&subs.mu);
    }
}

static void *sub_receive(void *arg) {
    int i = (int)(intptr_t)arg, probed = 0;
    char buf[4096];
    while (!subs.stop) {
        int n = zmq_recv(subs.socks[i], buf, sizeof buf, 0);
        if (n < 0)
            continue; // the timeout, after which stop is looked at
        if (n != subs.size) {
            if (!probed)
                probed = 1, subs.probed++;
            continue;
        }
        // The count goes up last: when it is complete, so are the receipts.
        int64_t k = subs.count[i][0] + 1;
        if (subs.window && k % RECEIPT_EVERY == 0) {
            pthread_mutex_lock(&subs.mu);
            int *p = &subs.passed[k / RECEIPT_EVERY % AHEAD];
            if (++*p == subs.n) {
                *p = 0;
                if (subs.receipts >= 0)
                    send_receipts(1);
                else
                    subs.owed++;
            }
            pthread_mutex_unlock(&subs.mu);
        }
        subs.count[i][0] = k;
    }
    return NULL;
}

static void sub_reset(void) {
    pthread_mutex_lock(&subs.mu);
    for (int i = 0; i < subs.n; i++)
        subs.count[i][0] = 0;
    memset(subs.passed, 0, sizeof subs.passed);
    subs.owed = 0;
    if (subs.receipts >= 0)
        close(subs.receipts);
    subs.receipts = -1;
    pthread_mutex_unlock(&subs.mu);
}

static void sub_close(void) {
    if (!subs.n)
        return;
    subs.stop = 1;
    for (int i = 0; i < subs.n; i++) {
        pthread_join(subs.threads[i], NULL);
        zmq_close(subs.socks[i]);
    }
    shutdown(subs.listener, SHUT_RDWR); // wakes the acceptor
    close(subs.listener);
    pthread_join(subs.acceptor, NULL);
    sub_reset();
    subs.n = subs.probed = subs.stop = 0;
}

static void sub_open(const char *line) {
    sub_close();
    long conns = number(line, "conns");
    char addr[64], end[80];
    const char *p = strstr(line, "\"addr\":\"");
    if (conns < 1 || conns > MAX_SUBS || !p || sscanf(p, "\"addr\":\"%63[0-9.:]", addr) != 1) {
        errno = EINVAL;
        fail("open");
        return;
    }
    snprintf(end, sizeof end, "tcp://%s", addr);
    subs.push = says(line, "work", "push"), subs.size = number(line, "size"), subs.window = number(line, "window");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    subs.listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(subs.listener, (struct sockaddr *)&a, len);
    listen(subs.listener, 1);
    getsockname(subs.listener, (struct sockaddr *)&a, &len);
    pthread_create(&subs.acceptor, NULL, sub_accept, NULL);
    for (subs.n = 0; subs.n < conns; subs.n++) {
        void *s = zmq_socket(ctx, subs.push ? ZMQ_PULL : ZMQ_SUB);
        int wait = 100; // so that the thread ends when it is told to
        zmq_setsockopt(s, ZMQ_RCVTIMEO, &wait, sizeof wait);
        if (!subs.push)
            zmq_setsockopt(s, ZMQ_SUBSCRIBE, "", 0);
        zmq_connect(s, end); // a failure shows as a probe that does not come
        subs.socks[subs.n] = s;
        pthread_create(&subs.threads[subs.n], NULL, sub_receive, (void *)(intptr_t)subs.n);
    }
    for (int64_t until = now_ns() + PROBE_WAIT_MS * 1000000ll; subs.probed < subs.n;) {
        if (now_ns() > until) {
            errno = ETIMEDOUT;
            fail("probes");
            return;
        }
        usleep(1000);
    }
    printf("{\"ready\":\"127.0.0.1:%d\"}\n", ntohs(a.sin_port));
    fflush(stdout);
}

static int64_t sub_count(void) {
    int64_t n = 0;
    for (int i = 0; i < subs.n; i++)
        n += subs.count[i][0];
    return n;
}

static void sub_run(const char *line) {
    int64_t want = number(line, "n") * (subs.push ? 1 : subs.n), have = sub_count(), start = now_ns(), last = start, n;
    while (have < want && now_ns() - last < QUIET_MS * 1000000ll) {
        usleep(100);
        if ((n = sub_count()) != have)
            have = n, last = now_ns();
    }
    sub_reset();
    printf("{\"ops\":%lld,\"lost\":%lld,\"seconds\":%.9f}\n", (long long)have,
           (long long)(want > have ? want - have : 0), (last - start) / 1e9);
    fflush(stdout);
}
