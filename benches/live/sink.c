/* sink PORT SECONDS [COUNT]: counts what comes, for SECONDS or until COUNT have come; holds sequence numbers, TTL and
   header checksum of each frame against what they have to be. Says: frames, those twice, those out of order, those
   that are wrong, frames that it lost itself, and the seconds between the first and the last. */
#include "ring.h"

enum { FRAME = 60 };

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct port p = open_port(argv[1], 16384);
  double seconds = atof(argv[2]), begin = now(), first = 0, last = 0;
  uint32_t most = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : UINT32_MAX;
  uint8_t *seen = calloc(1, 1u << 29);
  check(seen != NULL, "memory");
  uint64_t frames = 0, twice = 0, late = 0, wrong = 0, lost = 0;
  uint32_t next = 0;
  puts("ready");
  fflush(stdout);
  struct pollfd fd = {p.fd, POLLIN, 0};
  while (now() - begin < seconds && frames < most) {
    unsigned length;
    uint8_t *b = next_frame(&p, &length);
    if (!b) {
      poll(&fd, 1, 5);
      continue;
    }
    last = now();
    if (frames++ == 0) first = last;
    uint32_t seq;
    memcpy(&seq, b + FRAME - 4, 4);
    uint32_t sum = 0;
    for (int i = 14; i < 34; i += 2) sum += (uint32_t)(b[i] << 8 | b[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    if (length != FRAME || sum != 0xffff || b[22] != 63) wrong++;
    if (seen[seq >> 3] >> (seq & 7) & 1) twice++;
    seen[seq >> 3] |= (uint8_t)(1 << (seq & 7));
    if (seq < next) late++;
    else next = seq + 1;
    give_back(&p);
    if ((frames & 0xffff) == 0) lost += drops(&p);
  }
  lost += drops(&p);
  printf("%llu %llu %llu %llu %llu %.6f\n", (unsigned long long)frames, (unsigned long long)twice,
         (unsigned long long)late, (unsigned long long)wrong, (unsigned long long)lost, last - first);
}
