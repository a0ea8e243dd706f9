/* blast PORT FRAMES RATE SECONDS [COUNT]: sends the frames of a file (60 bytes each) over and over, with a sequence
   number in the last four bytes, at RATE a second (0: as fast as it can), for SECONDS or until COUNT are sent. */
#include "ring.h"

enum { FRAME = 60, BURST = 32 };

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  struct port p = open_port(argv[1], 4096);
  FILE *f = fopen(argv[2], "rb");
  check(f != NULL, argv[2]);
  fseek(f, 0, SEEK_END);
  size_t bytes = (size_t)ftell(f);
  rewind(f);
  uint8_t *frames = malloc(bytes);
  check(fread(frames, 1, bytes, f) == bytes, argv[2]);
  double rate = atof(argv[3]), seconds = atof(argv[4]);
  uint32_t most = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : UINT32_MAX, sent = 0;
  size_t at = 0;
  double begin = now();
  while (sent < most) {
    double t = now() - begin;
    if (t >= seconds) break;
    uint32_t due = (uint32_t)(t * rate);
    int n = 0;
    for (; n < BURST && sent < due && sent < most; n++) {
      uint8_t *to = free_slot(&p);
      if (!to) break;
      memcpy(to, frames + at, FRAME);
      memcpy(to + FRAME - 4, &sent, 4);
      give(&p, FRAME);
      at = at + FRAME == bytes ? 0 : at + FRAME;
      sent++;
    }
    if (n > 0) flush(&p);
  }
  printf("%u %.6f\n", sent, now() - begin);
}
