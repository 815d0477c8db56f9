// mqttload: a neutral MQTT 3.1.1 / 5.0 load generator and meter for one Linux machine.
// One thread, one epoll set, no dependency but OpenSSL. Publishers and subscribers live in this one
// process, so end-to-end latency uses one monotonic clock. The broker's CPU time and memory are read from /proc.
// Build: make        (or: gcc -O2 -Wall -o mqttload mqttload.c -lssl -lcrypto)
// Help:  ./mqttload --help
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64; typedef uint32_t u32; typedef uint8_t u8;

// ---------- options ----------
static struct {
  const char *host, *mode, *filter, *topic, *cid, *user, *pass, *ca, *cert, *key, *label;
  int port, ver, pubs, subs, qos, size, inflight, conc, tls, share, each, retain, keepalive, pid, batch, subqos, hold, expiry, values;
  u64 count, warm; double rate, secs; long window;
} o = { .host = "127.0.0.1", .mode = "flow", .filter = NULL, .topic = NULL, .cid = NULL, .label = "", .port = 1883,
        .ver = 4, .pubs = 1, .subs = 1, .qos = 0, .size = 200, .inflight = 20, .conc = 64, .keepalive = 300,
        .count = 100000, .warm = (u64)-1, .window = 512, .batch = 64, .subqos = -1 };

static void die(const char *f, ...) { va_list a; va_start(a, f); vfprintf(stderr, f, a); va_end(a); fputc('\n', stderr); exit(1); }
static u64 now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (u64)t.tv_sec * 1000000000ull + t.tv_nsec; }

// ---------- histogram: log-linear, 64 steps per octave (error under 1.6 %) ----------
#define HB (64 * 60)
typedef struct { u64 n, max, b[HB]; } hist;
static void h_add(hist *h, u64 v) {
  u32 i; if (v < 64) i = v; else { int e = 63 - __builtin_clzll(v); i = (e - 5) * 64 + ((v >> (e - 6)) & 63); }
  if (i >= HB) i = HB - 1;
  h->b[i]++; h->n++; if (v > h->max) h->max = v;
}
static double h_us(const hist *h, double p) {
  if (!h->n) return -1;
  u64 want = (u64)(p * h->n), c = 0; if (want >= h->n) want = h->n - 1;
  for (u32 i = 0; i < HB; i++) { c += h->b[i]; if (c > want) {
    if (i < 64) return i / 1e3;
    int e = i / 64 + 5; return (((u64)(64 + (i & 63))) << (e - 6)) / 1e3; } }
  return h->max / 1e3;
}
static hist lat, acklat;

// ---------- broker accounting ----------
static double cpu_s(int pid) { // nanosecond sum over live threads plus what dead threads left in stat
  if (!pid) return 0;
  char p[64]; snprintf(p, sizeof p, "/proc/%d/stat", pid); FILE *f = fopen(p, "r"); if (!f) return 0;
  char buf[2048]; size_t n = fread(buf, 1, sizeof buf - 1, f); fclose(f); buf[n] = 0;
  char *q = strrchr(buf, ')'); unsigned long ut = 0, st = 0;
  if (q) sscanf(q + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st);
  double coarse = (double)(ut + st) / sysconf(_SC_CLK_TCK), fine = 0;
  snprintf(p, sizeof p, "/proc/%d/task", pid); DIR *d = opendir(p); if (!d) return coarse;
  struct dirent *e; while ((e = readdir(d))) if (e->d_name[0] != '.') {
    char s[400]; snprintf(s, sizeof s, "/proc/%d/task/%s/schedstat", pid, e->d_name);
    FILE *g = fopen(s, "r"); if (g) { unsigned long long run; if (fscanf(g, "%llu", &run) == 1) fine += run / 1e9; fclose(g); } }
  closedir(d);
  return fine > coarse - 0.05 ? fine : coarse;
}
static long rss_kb(int pid) {
  if (!pid) return 0;
  char p[64], l[256]; snprintf(p, sizeof p, "/proc/%d/status", pid); FILE *f = fopen(p, "r"); if (!f) return 0; long v = 0;
  while (fgets(l, sizeof l, f)) if (!strncmp(l, "VmRSS:", 6)) v = atol(l + 6);
  fclose(f); return v;
}
static double self_cpu(void) { struct rusage r; getrusage(RUSAGE_SELF, &r); return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6; }

// ---------- connections ----------
enum { PUB, SUB, IDLE }; enum { S_NONE, S_TCP, S_TLS, S_ACK, S_SUB, S_READY, S_DEAD };
typedef struct {
  int fd, id, role, st; SSL *ssl; u8 *r; u32 rlen, rcap; u8 *w; u32 woff, wlen, wcap; u32 ev;
  int inflight, maxin; uint16_t pid; u32 seq; u64 *ts; u8 *pkt; u32 pktlen, payoff, pidoff; u64 got; int clean, present; u64 t0;
} conn;
static int ep; static struct sockaddr_in addr; static SSL_CTX *ctx;
static int nready, ndead, nconnecting; static hist connlat;
static u64 sent, recvd, acked, gaps, dups, t_last; static u32 *expect; static int expect_n; static u64 sub0only = 0;
static u8 big[1 << 20];

static void ev_set(conn *c, u32 ev) { if (c->ev == ev) return; struct epoll_event e = { .events = ev, .data.ptr = c };
  epoll_ctl(ep, c->ev ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e); c->ev = ev; }
static void kill_conn(conn *c, const char *why) {
  if (c->st == S_DEAD) return;
  if (c->st != S_READY) nconnecting--; else nready--;
  if (why && ndead++ < 5) fprintf(stderr, "connection %d role %d lost: %s\n", c->id, c->role, why);
  c->st = S_DEAD; if (c->ssl) { SSL_free(c->ssl); c->ssl = NULL; } close(c->fd); c->ev = 0;
  free(c->r); free(c->w); c->r = c->w = NULL; c->rlen = c->rcap = c->woff = c->wlen = c->wcap = 0;
}
static void out(conn *c, const void *d, u32 n) {
  if (c->wlen + n > c->wcap) { u32 k = c->wcap ? c->wcap : 256; while (k < c->wlen + n) k *= 2; c->w = realloc(c->w, k); c->wcap = k; }
  memcpy(c->w + c->wlen, d, n); c->wlen += n;
}
static void flush_c(conn *c) {
  while (c->woff < c->wlen) {
    ssize_t n;
    if (c->ssl) { n = SSL_write(c->ssl, c->w + c->woff, c->wlen - c->woff);
      if (n <= 0) { int e = SSL_get_error(c->ssl, n); if (e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ) { ev_set(c, EPOLLIN | EPOLLOUT); return; } kill_conn(c, "tls write"); return; } }
    else { n = send(c->fd, c->w + c->woff, c->wlen - c->woff, MSG_NOSIGNAL);
      if (n < 0) { if (errno == EAGAIN) { ev_set(c, EPOLLIN | EPOLLOUT); return; } kill_conn(c, strerror(errno)); return; } }
    c->woff += n;
  }
  c->woff = c->wlen = 0; if (c->wcap > 65536) { free(c->w); c->w = NULL; c->wcap = 0; }
  ev_set(c, EPOLLIN);
}
static u8 *put16(u8 *p, unsigned v) { *p++ = v >> 8; *p++ = v; return p; }
static u8 *puts_(u8 *p, const char *s) { size_t n = strlen(s); p = put16(p, n); memcpy(p, s, n); return p + n; }
static u8 *varint(u8 *p, u32 v) { do { u8 b = v & 127; v >>= 7; *p++ = v ? b | 128 : b; } while (v); return p; }
static void fill(char *d, size_t n, const char *t, int id) { const char *q = strchr(t, '%'); if (!q) { snprintf(d, n, "%s", t); return; }
  // one integer conversion (%d, %06d ...) is filled with the client's number
  int ok = 0; const char *e = q + 1; while (*e && strchr("0123456789", *e)) e++; ok = (*e == 'd'); if (!ok) die("bad template %s", t); snprintf(d, n, t, id); }

static void send_connect(conn *c) {
  u8 b[1024], *p = b; char cid[128], u[128];
  p = puts_(p, "MQTT"); *p++ = o.ver; u8 fl = c->clean ? 2 : 0; if (o.user) fl |= 0x80; if (o.pass) fl |= 0x40; *p++ = fl; p = put16(p, o.keepalive);
  if (o.ver == 5) { if (c->clean && !(o.expiry && c->role == SUB)) *p++ = 0; else if (c->clean) { *p++ = 5; *p++ = 0x11; p = put16(put16(p, o.expiry >> 16), o.expiry & 65535); } else { *p++ = 5; *p++ = 0x11; memset(p, 0xff, 4); p += 4; } }
  if (o.cid) fill(cid, sizeof cid, o.cid, c->id); else snprintf(cid, sizeof cid, "ml-%c-%06d", "psi"[c->role], c->id);
  p = puts_(p, cid); if (o.user) { fill(u, sizeof u, o.user, c->id); p = puts_(p, u); } if (o.pass) p = puts_(p, o.pass);
  u8 h[8], *q = h; *q++ = 0x10; q = varint(q, p - b); out(c, h, q - h); out(c, b, p - b); c->st = S_ACK; flush_c(c);
}
static void send_subscribe(conn *c) {
  u8 b[512], *p = b; char f[300]; char raw[256]; fill(raw, sizeof raw, o.filter, c->id); snprintf(f, sizeof f, "%s%s", o.share ? "$share/g/" : "", raw);
  p = put16(p, 1); if (o.ver == 5) *p++ = 0; p = puts_(p, f); *p++ = o.subqos;
  u8 h[8], *q = h; *q++ = 0x82; q = varint(q, p - b); out(c, h, q - h); out(c, b, p - b); c->st = S_SUB; flush_c(c);
}
static void ready(conn *c) { c->st = S_READY; nready++; nconnecting--; h_add(&connlat, now_ns() - c->t0); }
static void tls_step(conn *c) {
  int n = SSL_connect(c->ssl); if (n == 1) { ev_set(c, EPOLLIN); send_connect(c); return; }
  int e = SSL_get_error(c->ssl, n);
  if (e == SSL_ERROR_WANT_READ) ev_set(c, EPOLLIN); else if (e == SSL_ERROR_WANT_WRITE) ev_set(c, EPOLLIN | EPOLLOUT);
  else { static int once; if (!once++) ERR_print_errors_fp(stderr); kill_conn(c, "tls handshake"); }
}
static void tcp_up(conn *c) {
  if (!ctx) { ev_set(c, EPOLLIN); send_connect(c); return; }
  c->ssl = SSL_new(ctx); SSL_set_fd(c->ssl, c->fd); SSL_set_connect_state(c->ssl); SSL_set_tlsext_host_name(c->ssl, "localhost");
  if (o.cert && strchr(o.cert, '%')) { char a[300], k[300]; fill(a, 300, o.cert, c->id); fill(k, 300, o.key, c->id);
    if (SSL_use_certificate_file(c->ssl, a, SSL_FILETYPE_PEM) != 1 || SSL_use_PrivateKey_file(c->ssl, k, SSL_FILETYPE_PEM) != 1) die("cannot load %s", a); }
  c->st = S_TLS; tls_step(c);
}
static void start(conn *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); if (c->fd < 0) die("socket: %s", strerror(errno));
  int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  c->ev = 0; c->st = S_TCP; c->t0 = now_ns(); nconnecting++; c->maxin = o.inflight; c->inflight = 0; c->woff = c->wlen = c->rlen = 0;
  if (connect(c->fd, (void *)&addr, sizeof addr) == 0) tcp_up(c);
  else if (errno == EINPROGRESS) ev_set(c, EPOLLOUT); else { kill_conn(c, strerror(errno)); }
}
static u64 dig(const u8 *p, int n) { u64 v = 0; while (n--) v = v * 10 + (*p++ - '0'); return v; }
static void ack(conn *c, u8 type, unsigned pid) { u8 b[4] = { type, 2, pid >> 8, pid }; out(c, b, 4); }

// payload: {"ts":19 digits,"p":6 digits,"s":10 digits, ...}: valid JSON, so no number may begin with 0; ts is nanoseconds
// since 1970 (the monotonic clock plus a constant), p is 100000 + the publisher, s is 1000000000 + its message number
static u64 epoch_off, began_ms; enum { P0 = 100000 }; static const u64 S0 = 1000000000ull;
static void got_publish(conn *c, u8 h, const u8 *b, u32 n) {
  int q = (h >> 1) & 3; u32 i = 2 + (b[0] << 8 | b[1]); unsigned pid = 0; if (q) { pid = b[i] << 8 | b[i + 1]; i += 2; }
  if (o.ver == 5) { u32 v = 0, s = 0; u8 x; do { x = b[i++]; v |= (u32)(x & 127) << s; s += 7; } while (x & 128); i += v; }
  if (n >= i + 51 && !memcmp(b + i, "{\"ts\":", 6)) {
    u64 t = now_ns(), ts = dig(b + i + 6, 19) - epoch_off; u32 p = dig(b + i + 30, 6) - P0, s = dig(b + i + 41, 10) - S0;
    if (t > ts) h_add(&lat, t - ts);
    t_last = t;
    if (expect && (int)p < expect_n && (!sub0only || c->id == 0)) { if (s == expect[p]) expect[p]++; else if (s > expect[p]) { gaps += s - expect[p]; expect[p] = s + 1; } else dups++; }
  }
  recvd++; c->got++;
  if (q == 1) ack(c, 0x40, pid); else if (q == 2) ack(c, 0x50, pid);
}
static void packet(conn *c, u8 h, const u8 *b, u32 n) {
  switch (h >> 4) {
    case 2: { if (c->st != S_ACK) return; if (n < 2 || b[1]) { static int once; if (!once++) fprintf(stderr, "CONNACK code %d\n", b[1]); kill_conn(c, "refused"); return; }
      c->present = b[0] & 1;
      if (o.ver == 5 && n > 3) { u32 i = 3, e = 3 + b[2]; while (i < e && e <= n) { u8 id = b[i++]; // properties with known widths
          if (id == 0x21) { int rm = b[i] << 8 | b[i + 1]; if (rm < c->maxin) c->maxin = rm; i += 2; }
          else if (id == 0x22 || id == 0x13) i += 2; else if (id == 0x11 || id == 0x27) i += 4; else if (id == 0x24 || id == 0x25 || id == 0x28 || id == 0x29 || id == 0x2a) i += 1;
          else if (id == 0x12 || id == 0x1f || id == 0x1a || id == 0x1c || id == 0x15 || id == 0x16) i += 2 + (b[i] << 8 | b[i + 1]); else break; } }
      if (c->role == SUB && !(c->present && !c->clean)) send_subscribe(c); else ready(c); break; }
    case 9: if (b[n - 1] >= 0x80) kill_conn(c, "subscribe refused"); else ready(c); break;
    case 3: got_publish(c, h, b, n); break;
    case 4: if (n > 2 && b[2] >= 0x80) kill_conn(c, "puback error"); // fall through: same accounting
      /* fallthrough */
    case 7: { unsigned pid = b[0] << 8 | b[1]; c->inflight--; acked++; if (c->ts && c->ts[pid & 255]) { h_add(&acklat, now_ns() - c->ts[pid & 255]); } break; }
    case 5: ack(c, 0x62, b[0] << 8 | b[1]); break;
    case 6: ack(c, 0x70, b[0] << 8 | b[1]); break;
    case 14: kill_conn(c, "server disconnect"); break;
    default: break;
  }
}
static void readable(conn *c) {
  for (int loop = 0; loop < 4; loop++) {
    u32 have = c->rlen; if (have) memcpy(big, c->r, have);
    ssize_t n;
    if (c->ssl) { n = SSL_read(c->ssl, big + have, sizeof big - have > 65536 ? 65536 : sizeof big - have);
      if (n <= 0) { int e = SSL_get_error(c->ssl, n); if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) break; kill_conn(c, "tls read"); return; } }
    else { n = recv(c->fd, big + have, sizeof big - have > 262144 ? 262144 : sizeof big - have, 0);
      if (n == 0) { kill_conn(c, "closed"); return; }
      if (n < 0) { if (errno == EAGAIN || errno == EINTR) break; kill_conn(c, strerror(errno)); return; } }
    u32 tot = have + n, i = 0;
    while (tot - i >= 2) {
      u32 v = 0, s = 0, k = i + 1; int ok = 0; while (k < tot && s < 28) { u8 x = big[k++]; v |= (u32)(x & 127) << s; s += 7; if (!(x & 128)) { ok = 1; break; } }
      if (!ok || tot - k < v) break;
      packet(c, big[i], big + k, v); if (c->st == S_DEAD) return;
      i = k + v;
    }
    c->rlen = tot - i;
    if (c->rlen) { if (c->rcap < c->rlen) { c->r = realloc(c->r, c->rlen + 4096); c->rcap = c->rlen + 4096; } memcpy(c->r, big + i, c->rlen); }
    if (c->wlen > c->woff) { flush_c(c); if (c->st == S_DEAD) return; }
    if (!c->ssl && n < 65536) break; // level-triggered: what is left will be told again
  }
  if (!c->rlen && c->rcap) { free(c->r); c->r = NULL; c->rcap = 0; }
}
static void poll_once(long ns) {
  struct epoll_event ev[512]; struct timespec t = { ns / 1000000000, ns % 1000000000 };
  int n = epoll_pwait2(ep, ev, 512, ns < 0 ? NULL : &t, NULL);
  for (int i = 0; i < n; i++) { conn *c = ev[i].data.ptr; u32 e = ev[i].events; if (c->st == S_DEAD) continue;
    if (c->st == S_TCP) { int err = 0; socklen_t l = sizeof err; getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l); if (err) { kill_conn(c, strerror(err)); continue; } tcp_up(c); continue; }
    if (c->st == S_TLS) { tls_step(c); continue; }
    if ((e & EPOLLOUT) && c->wlen > c->woff) flush_c(c); else if (e & EPOLLOUT) ev_set(c, EPOLLIN);
    if (c->st != S_DEAD && (e & (EPOLLIN | EPOLLHUP | EPOLLERR))) readable(c); }
}
static conn *make(int n, int role, int clean) { conn *a = calloc(n ? n : 1, sizeof *a); for (int i = 0; i < n; i++) { a[i].id = i; a[i].role = role; a[i].clean = clean; } return a; }
static double connect_all(conn *a, int n) {
  u64 t = now_ns(); int base = nready, dead = ndead, i = 0; u64 lim = t + 120ull * 1000000000ull;
  while (nready - base + (ndead - dead) < n) { while (i < n && nconnecting < o.conc) start(&a[i++]); poll_once(100000000); if (now_ns() > lim) die("connect phase timed out: %d of %d", nready - base, n); }
  if (ndead > dead) die("%d connections failed", ndead - dead);
  return (now_ns() - t) / 1e9;
}
static void goodbye(conn *a, int n) { for (int i = 0; i < n; i++) if (a[i].st == S_READY) { u8 d[2] = { 0xe0, 0 }; out(&a[i], d, 2); flush_c(&a[i]); if (a[i].st == S_READY) { if (a[i].ssl) SSL_shutdown(a[i].ssl); shutdown(a[i].fd, SHUT_WR); kill_conn(&a[i], NULL); } } }

// --values: five values of a device at a time of its own, which rises by 1 ms a message, so that no two rows are one
static int values(char *to, size_t room, int id) {
  return snprintf(to, room, "{\"ts\":%013d,\"values\":{\"seq\":%010d,\"temp\":%.2f,\"vib\":%.3f,\"amps\":%.2f,\"rpm\":%d},\"x\":\"", 0, 0, 20 + id % 17 * .37, .1 + id % 7 * .013, 3.5, 1480);
}
// one PUBLISH, prepared once per publisher; only the stamp, the sequence number and the packet id change
static void prepare(conn *c) {
  char topic[256]; fill(topic, sizeof topic, o.topic, c->id); u32 tl = strlen(topic), body = 2 + tl + (o.qos ? 2 : 0) + (o.ver == 5 ? 1 : 0) + o.size;
  c->pkt = malloc(body + 8); u8 *p = c->pkt; *p++ = 0x30 | o.qos << 1 | (o.retain ? 1 : 0); p = varint(p, body); p = puts_(p, topic);
  c->pidoff = p - c->pkt; if (o.qos) p += 2;
  if (o.ver == 5) *p++ = 0;
  c->payoff = p - c->pkt; char tmp[512]; int k = snprintf(tmp, sizeof tmp, "{\"ts\":%019d,\"p\":%06d,\"s\":%010d", 0, P0 + c->id, 0);
  if (o.values) k = values(tmp, sizeof tmp, c->id);
  else k += snprintf(tmp + k, sizeof tmp - k, ",\"m\":{\"temp\":%.2f,\"vib\":%.3f,\"amps\":%.2f,\"rpm\":%d},\"x\":\"", 20 + c->id % 17 * .37, .1 + c->id % 7 * .013, 3.5, 1480);
  if (o.size < 60) { k = snprintf(tmp, sizeof tmp, "{\"ts\":%019d,\"p\":%06d,\"s\":%010d", 0, P0 + c->id, 0); memcpy(p, tmp, k); memset(p + k, ' ', o.size - k); p[o.size - 1] = '}'; }
  else { if (k > o.size - 2) k = o.size - 2; memcpy(p, tmp, k); for (int i = k; i < o.size - 2; i++) p[i] = 'a' + (i * 7 + c->id) % 26; p[o.size - 2] = '"'; p[o.size - 1] = '}'; }
  c->pktlen = c->payoff + o.size; if (o.qos) c->ts = calloc(256, sizeof(u64));
}
static void dig_put(u8 *p, int n, u64 v) { while (n--) { p[n] = '0' + v % 10; v /= 10; } }
static void publish(conn *c, u64 stamp) {
  u8 *p = c->pkt;
  if (o.values) { dig_put(p + c->payoff + 6, 13, began_ms + c->seq); dig_put(p + c->payoff + 36, 10, S0 + c->seq++); }
  else { dig_put(p + c->payoff + 6, 19, stamp + epoch_off); dig_put(p + c->payoff + 41, 10, S0 + c->seq++); }
  if (o.qos) { if (++c->pid == 0) c->pid = 1; put16(p + c->pidoff, c->pid); c->ts[c->pid & 255] = now_ns(); c->inflight++; }
  out(c, p, c->pktlen); sent++;
}
static int can(conn *c) { return c->st == S_READY && c->wlen - c->woff < 65536 && (!o.qos || c->inflight < c->maxin); }

typedef struct { double wall, bcpu, scpu; u64 sent, recvd, lost; long rss; } result;
// publishes o.count messages (or o.secs seconds of them); fan = deliveries expected of each (0: none, wait for acks only)
static result flow(conn *pb, int np, int fan) {
  result r = { 0 }; u64 t0 = now_ns(), w_t = t0, w_r = recvd, w_s = sent, prog = t0, lastr = recvd, lasta = acked, writeoff = 0, s0 = sent, r0 = recvd, a0 = acked;
  u64 cnt = o.secs > 0 ? (o.rate > 0 ? (u64)(o.secs * o.rate) : (u64)-1) : o.count, tend = o.secs > 0 ? t0 + (u64)(o.secs * 1e9) : (u64)-1; int rr = 0; long peak = 0;
  double b0 = cpu_s(o.pid), c0 = self_cpu(); u64 warm = o.warm == (u64)-1 ? (o.secs > 0 ? 0 : cnt / 20) : o.warm; int warmed = !warm; t_last = t0; u64 nextrss = t0;
  for (;;) {
    u64 t = now_ns(), due = cnt; int blocked = 0, stop = 0; if (o.rate > 0) { double d = (t - t0) / 1e9 * o.rate; due = d < (double)cnt ? (u64)d : cnt; }
    if (t >= tend && o.rate <= 0) { cnt = sent - s0; due = cnt; }
    int n = 0;
    while (sent - s0 < due && n < o.batch) {
      if (fan && o.window > 0 && (long)((sent - s0) * fan - (recvd - r0) - writeoff) >= o.window * (long)(fan > 1 && o.each ? fan : 1)) { blocked = 1; break; }
      int tries = 0; while (tries < np && !can(&pb[rr])) { rr = rr + 1 == np ? 0 : rr + 1; tries++; }
      if (tries == np) { blocked = 1; break; }
      publish(&pb[rr], o.rate > 0 ? t0 + (u64)((sent - s0 + 1) * 1e9 / o.rate) : now_ns());
      if (np > 1 || o.batch == 1) flush_c(&pb[rr]);
      rr = rr + 1 == np ? 0 : rr + 1; n++;
    }
    if (np == 1 && pb[0].wlen > pb[0].woff) flush_c(&pb[0]);
    if (sent - s0 >= cnt) stop = 1;
    long wait = 0; if (stop || blocked) wait = 20000000; else if (o.rate > 0 && sent - s0 >= due) { double nx = (sent - s0 + 1) * 1e9 / o.rate; long g = (long)(t0 + nx - now_ns()); wait = g > 0 ? g : 0; if (wait > 20000000) wait = 20000000; }
    poll_once(wait); t = now_ns();
    if (recvd != lastr || acked != lasta) { prog = t; lastr = recvd; lasta = acked; }
    if (!warmed && sent - s0 >= warm && (fan ? recvd - r0 >= warm * fan : o.qos ? acked - a0 >= warm : 1)) { warmed = 1; w_t = t; w_r = recvd; w_s = sent; b0 = cpu_s(o.pid); c0 = self_cpu(); if (warm) { memset(&lat, 0, sizeof lat); memset(&acklat, 0, sizeof acklat); } }
    if (t > nextrss) { long k = rss_kb(o.pid); if (k > peak) peak = k; nextrss = t + 200000000; }
    int all = fan ? (recvd - r0 + writeoff >= (sent - s0) * fan) : 1; int ackd = o.qos ? acked - a0 >= sent - s0 : 1;
    if (stop && all && ackd) break;
    if (t - prog > 15000000000ull) { if (stop) break; if (blocked) { writeoff = (sent - s0) * fan - (recvd - r0); prog = t; } }
  }
  u64 e = fan ? t_last : now_ns();
  r.wall = (e - w_t) / 1e9; r.bcpu = cpu_s(o.pid) - b0; r.scpu = self_cpu() - c0; r.sent = sent - w_s; r.recvd = recvd - w_r; r.rss = peak;
  u64 want = (sent - s0) * (fan ? fan : 0), have = recvd - r0; r.lost = want > have ? want - have : 0; return r;
}
static void head(void) { printf("{\"label\":\"%s\",\"mode\":\"%s\",\"ver\":%d,\"tls\":%d,\"qos\":%d,\"pubs\":%d,\"subs\":%d,\"size\":%d,\"rate\":%.0f,\"window\":%ld,\"inflight\":%d", o.label, o.mode, o.ver, o.tls, o.qos, o.pubs, o.subs, o.size, o.rate, o.window, o.inflight); }
static void lats(const char *n, const hist *h) { if (h->n) printf(",\"%s_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", n, h_us(h, .5), h_us(h, .99), h_us(h, .999), h->max / 1e3); }

static void help(void) {
  puts("mqttload --mode flow|idle|session|retain [options]; prints one JSON object.\n"
  "  flow     connect subs and pubs, publish, measure deliveries, latency, broker CPU\n"
  "  idle     open --subs idle connections: connect rate and broker memory for each\n"
  "  session  one persistent subscriber leaves, --count QoS 1 messages queue, it returns and drains\n"
  "  retain   --count retained topics are written, then one new subscriber takes them all\n"
  "  --host H --port P --ver 4|5 --pubs N --subs M --qos 0|1|2 [--subqos Q] --size BYTES\n"
  "  --count N | --secs S    --rate TOTAL_PER_S (0: flat out)   --warm N messages not counted\n"
  "  --window W   flat out: at most W messages between publishers and subscribers (0: no limit)\n"
  "  --inflight W QoS 1/2 window of each publisher    --batch N sends between polls\n"
  "  --topic T --filter F --cid C --user U --pass P   T, F, C, U may hold one %d: the client's number\n"
  "  --expiry S  session expiry of subscribers, 5.0 only (0: the session ends with its connection)\n"
  "  --values  payloads of five values in JSON, each at a time of its own; no latency is read from them\n"
  "  --share  subscribe through $share/g/   --each  every subscriber gets every message (fan-out)\n"
  "  --tls --ca FILE --cert FILE --key FILE (cert and key may hold %d)   --conc N parallel connects\n"
  "  --pid BROKER_PID  read its CPU and memory   --hold S keep idle connections for S s   --label TEXT"); exit(0); }

int main(int argc, char **argv) {
  enum { H = 256, P, V, NP, NS, Q, SQ, SZ, CN, SE, RT, WM, WI, IN, BA, TO, FI, CI, US, PW, SH, EA, TL, CA, CE, KE, CO, PI, HO, LA, MO, RE, EX, VA, HE };
  static struct option lo[] = { {"host",1,0,H},{"port",1,0,P},{"ver",1,0,V},{"pubs",1,0,NP},{"subs",1,0,NS},{"qos",1,0,Q},{"subqos",1,0,SQ},{"size",1,0,SZ},{"count",1,0,CN},{"secs",1,0,SE},{"rate",1,0,RT},{"warm",1,0,WM},{"window",1,0,WI},{"inflight",1,0,IN},{"batch",1,0,BA},{"topic",1,0,TO},{"filter",1,0,FI},{"cid",1,0,CI},{"user",1,0,US},{"pass",1,0,PW},{"share",0,0,SH},{"each",0,0,EA},{"tls",0,0,TL},{"ca",1,0,CA},{"cert",1,0,CE},{"key",1,0,KE},{"conc",1,0,CO},{"pid",1,0,PI},{"hold",1,0,HO},{"label",1,0,LA},{"mode",1,0,MO},{"retain",0,0,RE},{"expiry",1,0,EX},{"values",0,0,VA},{"help",0,0,HE},{0} };
  int k; while ((k = getopt_long(argc, argv, "", lo, NULL)) != -1) switch (k) {
    case H: o.host = optarg; break; case P: o.port = atoi(optarg); break; case V: o.ver = atoi(optarg); break; case NP: o.pubs = atoi(optarg); break; case NS: o.subs = atoi(optarg); break;
    case Q: o.qos = atoi(optarg); break; case SQ: o.subqos = atoi(optarg); break; case SZ: o.size = atoi(optarg); break; case CN: o.count = strtoull(optarg, 0, 10); break; case SE: o.secs = atof(optarg); break;
    case RT: o.rate = atof(optarg); break; case WM: o.warm = strtoull(optarg, 0, 10); break; case WI: o.window = atol(optarg); break; case IN: o.inflight = atoi(optarg); break; case BA: o.batch = atoi(optarg); break;
    case TO: o.topic = optarg; break; case FI: o.filter = optarg; break; case CI: o.cid = optarg; break; case US: o.user = optarg; break; case PW: o.pass = optarg; break; case SH: o.share = 1; break; case EA: o.each = 1; break;
    case TL: o.tls = 1; break; case CA: o.ca = optarg; break; case CE: o.cert = optarg; break; case KE: o.key = optarg; break; case CO: o.conc = atoi(optarg); break; case PI: o.pid = atoi(optarg); break; case HO: o.hold = atoi(optarg); break;
    case LA: o.label = optarg; break; case MO: o.mode = optarg; break; case RE: o.retain = 1; break; case EX: o.expiry = atoi(optarg); break; case VA: o.values = 1; break; default: help(); }
  if (o.size < 53) o.size = 53;
  if (o.values && o.size < 160) o.size = 160;
  if (o.inflight > 250) o.inflight = 250;
  if (o.subqos < 0) o.subqos = o.qos;
  if (!o.topic) o.topic = o.each ? "bench/all" : "bench/d/%d/telemetry";
  if (!o.filter) o.filter = o.each ? "bench/all" : "bench/d/#";
  struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl);
  addr.sin_family = AF_INET; addr.sin_port = htons(o.port); if (inet_pton(AF_INET, o.host, &addr.sin_addr) != 1) die("--host wants an IPv4 address");
  ep = epoll_create1(0); { struct timespec r; clock_gettime(CLOCK_REALTIME, &r); epoch_off = (u64)r.tv_sec * 1000000000ull + r.tv_nsec - now_ns(); began_ms = (epoch_off + now_ns()) / 1000000; }
  if (o.tls) { ctx = SSL_CTX_new(TLS_client_method()); SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS); SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (o.ca) { if (SSL_CTX_load_verify_locations(ctx, o.ca, NULL) != 1) die("cannot load CA"); SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL); }
    if (o.cert && !strchr(o.cert, '%') && (SSL_CTX_use_certificate_chain_file(ctx, o.cert) != 1 || SSL_CTX_use_PrivateKey_file(ctx, o.key, SSL_FILETYPE_PEM) != 1)) die("cannot load certificate"); }

  if (!strcmp(o.mode, "idle")) {
    conn *a = make(o.subs, IDLE, 1); long r0 = rss_kb(o.pid); double b0 = cpu_s(o.pid), c0 = self_cpu(); double t = connect_all(a, o.subs); double b1 = cpu_s(o.pid), c1 = self_cpu();
    u64 e = now_ns() + 1000000000ull; while (now_ns() < e) poll_once(50000000);
    long r1 = rss_kb(o.pid); head(); printf(",\"conns\":%d,\"connect_per_s\":%.0f,\"secs\":%.3f,\"broker_cpu_us_per_conn\":%.1f,\"load_cpu_us_per_conn\":%.1f,\"rss_kb_before\":%ld,\"rss_kb_after\":%ld,\"rss_bytes_per_conn\":%.0f", o.subs, o.subs / t, t, (b1 - b0) * 1e6 / o.subs, (c1 - c0) * 1e6 / o.subs, r0, r1, (r1 - r0) * 1024.0 / o.subs);
    lats("connect", &connlat); fflush(stdout);
    if (o.hold) { double h0 = cpu_s(o.pid); e = now_ns() + o.hold * 1000000000ull; while (now_ns() < e) poll_once(50000000); printf(",\"hold_s\":%d,\"hold_broker_cpu_s\":%.3f,\"alive\":%d", o.hold, cpu_s(o.pid) - h0, nready); }
    puts("}"); goodbye(a, o.subs); return 0;
  }
  if (!strcmp(o.mode, "session")) {
    o.qos = 1; o.subqos = 1; conn *s = make(1, SUB, 0); connect_all(s, 1); goodbye(s, 1); usleep(200000); conn *p = make(o.pubs, PUB, 1); for (int i = 0; i < o.pubs; i++) prepare(&p[i]); connect_all(p, o.pubs);
    long r0 = rss_kb(o.pid); expect = calloc(o.pubs, 4); expect_n = o.pubs; o.warm = 0; result q = flow(p, o.pubs, 0); long r1 = rss_kb(o.pid); double b0 = cpu_s(o.pid); hist al = acklat;
    memset(&lat, 0, sizeof lat); u64 t0 = now_ns(), prog = t0, last = 0; t_last = t0; start(&s[0]); while (recvd < sent) { poll_once(20000000); u64 t = now_ns(); if (recvd != last) { last = recvd; prog = t; } if (t - prog > 15000000000ull) break; }
    double d = (t_last - t0) / 1e9; head(); printf(",\"queued\":%llu,\"enqueue_per_s\":%.0f,\"enqueue_broker_cpu_s_per_M\":%.2f,\"drained\":%llu,\"session_present\":%d,\"drain_per_s\":%.0f,\"drain_broker_cpu_s_per_M\":%.2f,\"lost\":%lld,\"gaps\":%llu,\"dups\":%llu,\"rss_bytes_per_queued\":%.0f", (unsigned long long)sent, q.sent / q.wall, q.bcpu * 1e6 / q.sent, (unsigned long long)recvd, s[0].present, recvd / d, (cpu_s(o.pid) - b0) * 1e6 / (recvd ? recvd : 1), (long long)(sent - recvd), (unsigned long long)gaps, (unsigned long long)dups, (r1 - r0) * 1024.0 / sent);
    lats("ack", &al); puts("}"); goodbye(p, o.pubs); goodbye(s, 1);
    s[0].clean = 1; s[0].role = IDLE; if (!o.cid) o.cid = "ml-s-%06d"; start(&s[0]); u64 e = now_ns() + 500000000ull; while (now_ns() < e && s[0].st != S_READY) poll_once(50000000); goodbye(s, 1); return 0; // discard the session
  }
  if (!strcmp(o.mode, "retain")) {
    o.retain = 1; if (!strcmp(o.topic, "bench/d/%d/telemetry")) o.topic = "bench/r/%d/state"; if (!strcmp(o.filter, "bench/d/#")) o.filter = "bench/r/#";
    conn *p = make(1, PUB, 1); connect_all(p, 1); long r0 = rss_kb(o.pid); double b0 = cpu_s(o.pid); u64 t0 = now_ns(); if (!o.qos) o.qos = 1;
    o.subqos = o.qos;
    for (u64 i = 0; i < o.count;) { while (i < o.count && can(&p[0])) { conn tmp = { .id = (int)i, .role = PUB }; prepare(&tmp); p[0].pkt = tmp.pkt; p[0].payoff = tmp.payoff; p[0].pidoff = tmp.pidoff; p[0].pktlen = tmp.pktlen; if (!p[0].ts) p[0].ts = tmp.ts; else free(tmp.ts); publish(&p[0], now_ns()); free(tmp.pkt); i++; } flush_c(&p[0]); poll_once(20000000); }
    while (acked < sent) poll_once(20000000);
    double w = (now_ns() - t0) / 1e9, bc = cpu_s(o.pid) - b0; long r1 = rss_kb(o.pid); conn *s = make(1, SUB, 1); t0 = now_ns(); t_last = t0; b0 = cpu_s(o.pid); memset(&lat, 0, sizeof lat); start(&s[0]); u64 prog = t0, last = 0; while (recvd < o.count) { poll_once(20000000); u64 t = now_ns(); if (recvd != last) { last = recvd; prog = t; } if (t - prog > 15000000000ull) break; }
    double d = (t_last - t0) / 1e9; head(); printf(",\"retained\":%llu,\"write_per_s\":%.0f,\"write_broker_cpu_s_per_M\":%.2f,\"read\":%llu,\"read_per_s\":%.0f,\"read_broker_cpu_s_per_M\":%.2f,\"rss_bytes_per_retained\":%.0f", (unsigned long long)o.count, o.count / w, bc * 1e6 / o.count, (unsigned long long)recvd, recvd / d, (cpu_s(o.pid) - b0) * 1e6 / (recvd ? recvd : 1), (r1 - r0) * 1024.0 / o.count); puts("}"); return 0;
  }
  if (strcmp(o.mode, "flow")) die("unknown mode");
  conn *s = make(o.subs, SUB, 1), *p = make(o.pubs, PUB, 1); for (int i = 0; i < o.pubs; i++) prepare(&p[i]);
  if (o.subs) connect_all(s, o.subs);
  memset(&connlat, 0, sizeof connlat); double tc = connect_all(p, o.pubs); expect = calloc(o.pubs, 4); expect_n = o.pubs; sub0only = o.each; if (o.share && o.subs > 1) expect = NULL;
  int fan = o.subs ? (o.each ? o.subs : 1) : 0; u64 e = now_ns() + 300000000ull; while (now_ns() < e) poll_once(50000000);
  result r = flow(p, o.pubs, fan); u64 n = fan ? r.recvd : r.sent;
  head(); printf(",\"pub_connect_per_s\":%.0f,\"sent\":%llu,\"delivered\":%llu,\"lost\":%llu,\"gaps\":%llu,\"dups\":%llu,\"wall_s\":%.3f,\"sent_per_s\":%.0f,\"delivered_per_s\":%.0f,\"broker_cpu_s\":%.3f,\"broker_cpu_s_per_M_pub\":%.3f,\"broker_cpu_s_per_M_deliv\":%.3f,\"load_cpu_s_per_M\":%.3f,\"broker_peak_rss_kb\":%ld,\"dead\":%d",
    o.pubs / tc, (unsigned long long)r.sent, (unsigned long long)r.recvd, (unsigned long long)r.lost, (unsigned long long)gaps, (unsigned long long)dups, r.wall, r.sent / r.wall, r.recvd / r.wall, r.bcpu, r.bcpu * 1e6 / (r.sent ? r.sent : 1), r.bcpu * 1e6 / (n ? n : 1), r.scpu * 1e6 / (n ? n : 1), r.rss, ndead);
  lats("e2e", &lat); lats("ack", &acklat); puts("}"); goodbye(p, o.pubs); goodbye(s, o.subs); return 0;
}
