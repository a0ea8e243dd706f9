/* An IPv4 forwarder for `planecheck conform --exec ./forward`: records in, records out. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
struct route { uint32_t prefix; uint8_t depth, port, mac[6]; };
static struct route routes[1 << 20];
static uint8_t macs[256][6], b[65541];
static uint32_t u32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}
static unsigned sum(const uint8_t *p, unsigned n) { /* RFC 1071 */
  uint32_t s = 0;
  for (unsigned i = 0; i < n; i += 2) s += p[i] << 8 | p[i + 1];
  while (s >> 16) s = (s & 0xffff) + (s >> 16);
  return ~s & 0xffff;
}
int main(void) {
  uint8_t head[4], *f = b + 2;
  for (unsigned n, count = 0; fread(head, 4, 1, stdin) == 1;) {
    if ((n = u32(head)) > sizeof b || fread(b, n, 1, stdin) != 1) return 1;
    if (b[0] == 'P') memcpy(macs[b[1]], b + 2, 6);
    if (b[0] == 'R' && count < 1 << 20) {
      struct route *r = &routes[count++];
      r->prefix = u32(b + 1), r->depth = b[5], r->port = b[6];
      memcpy(r->mac, b + 7, 6);
    }
    unsigned len = n - 2, ihl = (f[14] & 15) * 4, total = f[16] << 8 | f[17];
    if (b[0] != 'F' || len < 60 || len > 1514 || f[12] != 8 || f[13] != 0) continue;
    if (f[14] >> 4 != 4 || ihl < 20 || total < ihl || total > len - 14) continue;
    if (sum(f + 14, ihl) != 0 || f[22] <= 1) continue; /* RFC 1812, 5.2.2 and 5.3.1 */
    struct route *hop = NULL;
    for (struct route *r = routes; r < routes + count; r++)
      if (!r->depth || (u32(f + 30) ^ r->prefix) >> (32 - r->depth) == 0)
        if (!hop || r->depth > hop->depth) hop = r;
    if (!hop) continue;
    memcpy(f, hop->mac, 6), memcpy(f + 6, macs[hop->port], 6);
    f[22]--, f[24] = f[25] = 0;
    unsigned s = sum(f + 14, ihl);
    f[24] = s >> 8, f[25] = s, b[1] = hop->port;
    fwrite(head, 4, 1, stdout), fwrite(b, n, 1, stdout);
  }
  return 0;
}
