// The benchmark's libzmq peer: a ROUTER that echoes and a DEALER that calls it, in C
// on libzmq itself. It speaks the lines of JSON of package wire on standard input and
// output. Built by the benchmark: cc -O2 libzmq.c -lzmq -lpthread (libzmq_fan.c is a part of it)
//
//   libzmq serve            libzmq drive HOST:PORT
//
// A request is [empty][kind, slot of 8 bytes, content]; the echo is the same.

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>

enum { HEAD = 9, MAX_CONNS = 1024, MAX_WINDOW = 1024, MAX_SOCKETS = 4096, WAIT_MS = 20000 };

static void *ctx;

// ---- lines

static void fail(const char *what) {
    printf("{\"error\":\"%s: %s\"}\n", what, zmq_strerror(errno));
    fflush(stdout);
}

static long number(const char *line, const char *key) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *p = strstr(line, quoted);
    return p ? strtol(p + strlen(quoted), NULL, 10) : 0;
}

static int says(const char *line, const char *key, const char *value) {
    char pair[64];
    snprintf(pair, sizeof pair, "\"%s\":\"%s\"", key, value);
    return strstr(line, pair) != NULL;
}

static void usage(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u); // user and system time of all threads
    double us = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
    printf("{\"cpu\":%.0f}\n", us);
    fflush(stdout);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// ---- latencies: the histogram of package stats, 64 buckets a power of two

enum { SUB_BITS = 6, SUB = 1 << SUB_BITS, BUCKETS = (42 - SUB_BITS + 1) * SUB };
static uint32_t counts[BUCKETS];
static uint64_t total;

static void record(int64_t ns) {
    uint64_t v = ns < 0 ? 0 : ns;
    int i = v;
    if (v >= SUB) {
        int shift = 63 - __builtin_clzll(v) - SUB_BITS;
        i = (shift + 1) * SUB + (int)(v >> shift) - SUB;
    }
    counts[i < BUCKETS ? i : BUCKETS - 1]++;
    total++;
}

static double quantile_us(double q) {
    uint64_t rank = q * total, seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += counts[i];
        if (seen <= rank)
            continue;
        if (i < SUB)
            return i / 1e3;
        int shift = i / SUB - 1;
        return (((uint64_t)(i % SUB + SUB) << shift) + ((1ull << shift) / 2)) / 1e3;
    }
    return 0;
}

#include "libzmq_fan.c"

static int fans(const char *line) { return says(line, "work", "pub") || says(line, "work", "push"); }

// ---- server

static void *obey(void *unused) {
    char line[4096];
    for (;;) {
        pub_probe();
        if (!fgets(line, sizeof line, stdin))
            break;
        if (says(line, "do", "usage"))
            usage();
        else if (says(line, "do", "open") && fans(line))
            pub_open(line);
        else if (says(line, "do", "run") && pub.sock)
            pub_run(line);
        else {
            if (says(line, "do", "close"))
                pub_close();
            puts("{}");
            fflush(stdout);
        }
    }
    exit(0); // the benchmark is gone
    return unused;
}

// The frames of one message; a request that has more than four is none of ours.
enum { MAX_FRAMES = 4 };

static void answer(void *s, zmq_msg_t *f, int n) {
    unsigned char *body = zmq_msg_data(&f[n - 1]);
    if (zmq_msg_size(&f[n - 1]) >= HEAD + 8 && body[0] == 's') {
        uint64_t items;
        unsigned char item[HEAD + 8];
        memcpy(item, body, HEAD);
        memcpy(&items, body + HEAD, 8);
        for (uint64_t i = 0; i < items; i++) {
            memcpy(item + HEAD, &i, 8);
            for (int k = 0; k < n - 1; k++)
                if (zmq_send(s, zmq_msg_data(&f[k]), zmq_msg_size(&f[k]), ZMQ_SNDMORE) < 0)
                    return; // the client is gone
            zmq_send(s, item, sizeof item, 0);
        }
        return;
    }
    for (int k = 0; k < n; k++)
        if (zmq_msg_send(&f[k], s, k < n - 1 ? ZMQ_SNDMORE : 0) < 0)
            return;
}

static int serve(void) {
    void *s = zmq_socket(ctx, ZMQ_ROUTER);
    int on = 1; // a full queue makes the ROUTER wait instead of dropping
    zmq_setsockopt(s, ZMQ_ROUTER_MANDATORY, &on, sizeof on);
    char end[128];
    size_t len = sizeof end;
    if (zmq_bind(s, "tcp://127.0.0.1:*") || zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, end, &len)) {
        fail("bind");
        return 1;
    }
    printf("{\"ready\":\"%s\"}\n", end + strlen("tcp://"));
    fflush(stdout);
    pthread_t t;
    pthread_create(&t, NULL, obey, NULL);
    for (;;) {
        zmq_msg_t f[MAX_FRAMES];
        int n = 0, more = 1;
        while (more && n < MAX_FRAMES) {
            zmq_msg_init(&f[n]);
            if (zmq_msg_recv(&f[n], s, 0) < 0)
                return 1;
            more = zmq_msg_more(&f[n++]);
        }
        if (!more)
            answer(s, f, n);
        for (int k = 0; k < n; k++)
            zmq_msg_close(&f[k]);
    }
}

// ---- client

static struct {
    void *socks[MAX_CONNS];
    int conns, window, size;
    int stream;
    int64_t items; // of the next stream
    int64_t sent[MAX_CONNS][MAX_WINDOW];
    char *buf;
} job;

static void close_job(void) {
    for (int i = 0; i < job.conns; i++)
        zmq_close(job.socks[i]);
    free(job.buf);
    memset(&job, 0, sizeof job);
}

static int open_job(const char *line, const char *addr) {
    close_job();
    long conns = number(line, "conns");
    job.window = number(line, "inflight");
    job.size = number(line, "size");
    job.stream = says(line, "work", "stream");
    job.items = 1000;
    if (conns < 1 || conns > MAX_CONNS || job.window < 1 || job.window > MAX_WINDOW || job.size < 0) {
        errno = EINVAL;
        fail("open");
        return 0;
    }
    job.buf = malloc(HEAD + job.size);
    for (int i = 0; i < job.size; i++)
        job.buf[HEAD + i] = "0123456789"[i % 10];
    char end[256];
    snprintf(end, sizeof end, "tcp://%s", addr);
    for (; job.conns < conns; job.conns++) {
        void *s = zmq_socket(ctx, ZMQ_DEALER);
        int none = 0, wait = WAIT_MS;
        zmq_setsockopt(s, ZMQ_LINGER, &none, sizeof none);
        zmq_setsockopt(s, ZMQ_RCVTIMEO, &wait, sizeof wait);
        job.socks[job.conns] = s;
        if (zmq_connect(s, end)) {
            job.conns++;
            fail("connect");
            return 0;
        }
    }
    return 1;
}

// The end of one call is the beginning of the next, as at the other clients.
static int request(int c, uint64_t slot, int64_t now) {
    job.buf[0] = 'e';
    memcpy(job.buf + 1, &slot, 8);
    job.sent[c][slot] = now;
    return zmq_send(job.socks[c], "", 0, ZMQ_SNDMORE) < 0 || zmq_send(job.socks[c], job.buf, HEAD + job.size, 0) < 0;
}

// Receives one echo of connection c. 0: got it, -1: nothing there, 1: failed.
static int reply(int c, int flags, uint64_t *slot) {
    zmq_msg_t m;
    zmq_msg_init(&m);
    int more, bad = 0;
    do {
        if (zmq_msg_recv(&m, job.socks[c], flags) < 0)
            return errno == EAGAIN && flags ? -1 : 1;
        more = zmq_msg_more(&m);
    } while (more);
    char *b = zmq_msg_data(&m);
    size_t n = zmq_msg_size(&m), tail = job.size < 16 ? job.size : 16;
    if (n != (size_t)(HEAD + job.size) || memcmp(b + n - tail, job.buf + n - tail, tail))
        errno = EPROTO, bad = 1;
    else if (memcpy(slot, b + 1, 8), *slot >= (uint64_t)job.window)
        errno = EPROTO, bad = 1;
    zmq_msg_close(&m);
    return bad;
}

// Keeps the window of every connection full until the end, then takes in the rest.
static int echoes(int64_t end, int64_t *ops) {
    zmq_pollitem_t items[MAX_CONNS];
    int64_t pending = 0, t;
    for (int c = 0; c < job.conns; c++) {
        items[c] = (zmq_pollitem_t){job.socks[c], 0, ZMQ_POLLIN, 0};
        for (int w = 0; w < job.window; w++, pending++)
            if (request(c, w, now_ns()))
                return 1;
    }
    while (pending > 0) {
        // One connection can simply wait in recv; several need a poll.
        if (job.conns > 1 && zmq_poll(items, job.conns, WAIT_MS) <= 0) {
            errno = ETIMEDOUT;
            return 1;
        }
        for (int c = 0; c < job.conns; c++) {
            if (job.conns > 1 && !items[c].revents)
                continue;
            for (int flags = job.conns > 1 ? ZMQ_DONTWAIT : 0;; flags = ZMQ_DONTWAIT) {
                uint64_t slot;
                int r = reply(c, flags, &slot);
                if (r < 0)
                    break;
                if (r > 0)
                    return 1;
                t = now_ns();
                record(t - job.sent[c][slot]);
                ++*ops, --pending;
                if (t < end) {
                    if (request(c, slot, t))
                        return 1;
                    pending++;
                } else if (job.conns == 1)
                    break; // the last ones: wait in recv again, while any is pending
            }
        }
    }
    return 0;
}

static int streams(int64_t end, int64_t *ops) {
    unsigned char req[HEAD + 8] = {'s'};
    do {
        int64_t start = now_ns();
        memcpy(req + HEAD, &job.items, 8);
        if (zmq_send(job.socks[0], "", 0, ZMQ_SNDMORE) < 0 || zmq_send(job.socks[0], req, sizeof req, 0) < 0)
            return 1;
        for (int64_t i = 0; i < job.items; i++) {
            unsigned char item[HEAD + 8];
            int64_t v = -1;
            if (zmq_recv(job.socks[0], item, sizeof item, 0) < 0 || zmq_recv(job.socks[0], item, sizeof item, 0) < 0)
                return 1;
            memcpy(&v, item + HEAD, 8);
            if (v != i) {
                errno = EPROTO;
                return 1;
            }
            ++*ops;
        }
        if (now_ns() - start < 50000000 && job.items < 1 << 20)
            job.items *= 2;
    } while (now_ns() < end);
    return 0;
}

static void run_job(const char *line) {
    memset(counts, 0, sizeof counts);
    total = 0;
    int64_t ops = 0, start = now_ns(), end = start + number(line, "millis") * 1000000;
    if (!job.conns)
        errno = EINVAL;
    if (!job.conns || (job.stream ? streams : echoes)(end, &ops)) {
        fail(job.stream ? "stream" : "echo");
        return;
    }
    double s = (now_ns() - start) / 1e9;
    printf("{\"ops\":%lld,\"seconds\":%.9f,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f}\n", (long long)ops, s,
           quantile_us(0.5), quantile_us(0.99), quantile_us(0.999));
    fflush(stdout);
}

static int drive(const char *addr) {
    char line[4096];
    printf("{\"ready\":\"%s\"}\n", addr);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (says(line, "do", "usage")) {
            usage();
            continue;
        }
        int opens = says(line, "do", "open");
        if (says(line, "do", "run")) {
            (subs.n ? sub_run : run_job)(line);
            continue;
        }
        if (opens && fans(line)) {
            sub_open(line);
            continue;
        }
        if (opens && (number(line, "rate") || !(says(line, "work", "echo") || says(line, "work", "bytes") || says(line, "work", "stream")))) {
            puts("{\"unsupported\":true}");
            fflush(stdout);
            continue;
        }
        if (opens && !open_job(line, addr))
            continue; // it has said why
        if (says(line, "do", "close"))
            close_job(), sub_close();
        puts("{}");
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv) {
    ctx = zmq_ctx_new();
    zmq_ctx_set(ctx, ZMQ_MAX_SOCKETS, MAX_SOCKETS); // 1023 by default
    if (argc == 2 && !strcmp(argv[1], "serve"))
        return serve();
    if (argc == 3 && !strcmp(argv[1], "drive"))
        return drive(argv[2]);
    fprintf(stderr, "usage: libzmq serve | libzmq drive HOST:PORT\n");
    return 2;
}
