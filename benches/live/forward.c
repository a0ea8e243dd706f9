/* forward IN OUT ROUTES SECONDS: what `planecheck forward` does, in C with the same calls: packet rings both ways, or
   AF_XDP where XSK is defined; header checksum verified, DIR-24-8 look-up, TTL, MAC addresses. ROUTES is a file of records
   of 12 bytes: prefix, depth, next hop, 32 bits each. One copy for each frame, from ring to ring. */
#ifdef XSK
#include "xsk.h"
#else
#include "ring.h"
#endif

enum { BURST = 32 };
static uint16_t *table;
static uint16_t *groups;
static unsigned used;

/* Routes come in order of depth, so that a longer one is painted over those that cover it. */
static void add(uint32_t prefix, uint32_t depth, uint16_t hop) {
  if (depth <= 24) {
    uint32_t first = prefix >> 8, count = 1u << (24 - depth);
    for (uint32_t i = 0; i < count; i++) table[first + i] = hop;
    return;
  }
  uint16_t *entry = &table[prefix >> 8];
  if (!(*entry & 0x8000)) {
    for (int i = 0; i < 256; i++) groups[used * 256 + (unsigned)i] = *entry;
    *entry = (uint16_t)(0x8000 | used++);
  }
  uint16_t *group = groups + (size_t)(*entry & 0x7fff) * 256 + (prefix & 255);
  for (uint32_t i = 0; i < 1u << (32 - depth); i++) group[i] = hop;
}

static int routed(uint8_t *b, unsigned length) {
  if (length < 34 || b[12] != 8 || b[13] != 0 || b[14] != 0x45 || b[22] <= 1) return -1;
  uint32_t sum = 0;
  for (int i = 14; i < 34; i += 2) sum += (uint32_t)(b[i] << 8 | b[i + 1]);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  if (sum != 0xffff) return -1;
  uint32_t dst = (uint32_t)b[30] << 24 | (uint32_t)b[31] << 16 | (uint32_t)b[32] << 8 | b[33];
  uint16_t entry = table[dst >> 8];
  if (entry & 0x8000) entry = groups[(size_t)(entry & 0x7fff) * 256 + (dst & 255)];
  return entry == 0x7fff ? -1 : entry;
}

static void rewrite(uint8_t *b, int hop) {
  static const uint8_t own[6] = {2, 0, 0, 0, 1, 0};
  uint8_t to[6] = {2, 0, 0, 0, 0, (uint8_t)hop};
  memcpy(b, to, 6);
  memcpy(b + 6, own, 6);
  uint32_t sum = (uint32_t)(b[24] << 8 | b[25]) + 0x100;
  sum = (sum & 0xffff) + (sum >> 16);
  b[24] = (uint8_t)(sum >> 8);
  b[25] = (uint8_t)sum;
  b[22]--;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  struct port in = open_port(argv[1], 4096), out = open_port(argv[2], 4096);
  table = malloc(sizeof *table << 24);
  groups = malloc(sizeof *groups * 32768 * 256);
  check(table && groups, "memory");
  for (size_t i = 0; i < 1 << 24; i++) table[i] = 0x7fff;
  FILE *f = fopen(argv[3], "rb");
  check(f != NULL, argv[3]);
  uint32_t route[3];
  while (fread(route, 4, 3, f) == 3) add(route[0], route[1], (uint16_t)(route[2] & 1));
  double seconds = atof(argv[4]), begin = now();
  uint64_t sent = 0;
  puts("ready");
  fflush(stdout);
  struct pollfd fd = {in.fd, POLLIN, 0};
  for (unsigned turn = 0;; turn++) {
    if ((turn & 255) == 0 && now() - begin >= seconds) break;
    int n = 0;
    for (; n < BURST; n++) {
      unsigned length;
      uint8_t *b = next_frame(&in, &length);
      if (!b) break;
      int hop = routed(b, length);
      if (hop >= 0) {
        uint8_t *to = free_slot(&out);
        if (!to) break;
        memcpy(to, b, length);
        rewrite(to, hop);
        give(&out, length);
        sent++;
      }
      give_back(&in);
    }
    if (n > 0) flush(&out);
    else poll(&fd, 1, 1);
  }
  printf("%llu %u\n", (unsigned long long)sent, drops(&in));
}
