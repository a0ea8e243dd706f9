/* An AF_XDP socket in copy mode on queue 0, behind the functions of ring.h: what `--port xdp:NAME` does, in C with the
   same calls. One half of the chunks is for what comes, the other for what goes. */
#include "common.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>

enum { CHUNK = 2048 };

struct end {
  uint32_t *producer, *consumer, at;
  void *entries;
};

struct port {
  int fd;
  unsigned slots, free;
  uint8_t *umem;
  struct end rx, tx, fill, completion;
  uint64_t *chunks;
};

static inline struct end map_end(int fd, uint64_t at, struct xdp_ring_offset of, size_t bytes) {
  uint8_t *p = mmap(NULL, of.desc + bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)at);
  check(p != MAP_FAILED, "mmap");
  return (struct end){(void *)(p + of.producer), (void *)(p + of.consumer), 0, p + of.desc};
}

static inline void attach(int socket, int index) {
  int map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sockets", 4, 4, 1, NULL), zero = 0;
  check(map >= 0 && !bpf_map_update_elem(map, &zero, &socket, 0), "map");
  struct bpf_insn code[] = {
      {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = 16},
      {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
      {0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
      {.code = BPF_JMP | BPF_EXIT},
  };
  int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "redirect", "MIT", code, sizeof code / sizeof *code, NULL);
  check(program >= 0, "program");
  /* gone with this process */
  LIBBPF_OPTS(bpf_link_create_opts, generic, .flags = XDP_FLAGS_SKB_MODE);
  check(bpf_link_create(program, index, BPF_XDP, &generic) >= 0, "attach");
}

static inline struct port open_port(const char *name, unsigned slots) {
  struct port p = {.slots = slots, .free = slots};
  size_t bytes = 2ul * slots * CHUNK;
  p.umem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  p.chunks = malloc(slots * sizeof *p.chunks);
  check(p.umem != MAP_FAILED && p.chunks, "memory");
  p.fd = socket(AF_XDP, SOCK_RAW, 0);
  check(p.fd >= 0, "socket");
  struct xdp_umem_reg reg = {.addr = (uint64_t)p.umem, .len = bytes, .chunk_size = CHUNK};
  check(!setsockopt(p.fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof reg), "umem");
  int rings[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING};
  for (int i = 0; i < 4; i++) check(!setsockopt(p.fd, SOL_XDP, rings[i], &slots, sizeof slots), "ring");
  struct xdp_mmap_offsets of;
  socklen_t n = sizeof of;
  check(!getsockopt(p.fd, SOL_XDP, XDP_MMAP_OFFSETS, &of, &n), "offsets");
  p.rx = map_end(p.fd, XDP_PGOFF_RX_RING, of.rx, slots * sizeof(struct xdp_desc));
  p.tx = map_end(p.fd, XDP_PGOFF_TX_RING, of.tx, slots * sizeof(struct xdp_desc));
  p.fill = map_end(p.fd, XDP_UMEM_PGOFF_FILL_RING, of.fr, slots * sizeof(uint64_t));
  p.completion = map_end(p.fd, XDP_UMEM_PGOFF_COMPLETION_RING, of.cr, slots * sizeof(uint64_t));
  for (unsigned i = 0; i < slots; i++) {
    ((uint64_t *)p.fill.entries)[i] = (uint64_t)i * CHUNK;
    p.chunks[i] = (uint64_t)(slots + i) * CHUNK;
  }
  p.fill.at = slots;
  __atomic_store_n(p.fill.producer, slots, __ATOMIC_RELEASE);
  struct sockaddr_xdp to = {.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = if_nametoindex(name)};
  int bound = bind(p.fd, (struct sockaddr *)&to, sizeof to);
  /* the kernel takes the memory of the socket before from the queue some time after that has gone */
  for (int i = 0; bound && errno == EBUSY && i < 100; i++) {
    usleep(10000);
    bound = bind(p.fd, (struct sockaddr *)&to, sizeof to);
  }
  check(!bound, "bind");
  attach(p.fd, (int)to.sxdp_ifindex);
  return p;
}

/* The received frame that is next, or NULL; its chunk is the kernel's again after `give_back`. */
static inline uint8_t *next_frame(struct port *p, unsigned *length) {
  if (__atomic_load_n(p->rx.producer, __ATOMIC_ACQUIRE) == p->rx.at) return NULL;
  struct xdp_desc *d = (struct xdp_desc *)p->rx.entries + (p->rx.at & (p->slots - 1));
  *length = d->len;
  return p->umem + d->addr;
}

static inline void give_back(struct port *p) {
  struct xdp_desc *d = (struct xdp_desc *)p->rx.entries + (p->rx.at & (p->slots - 1));
  ((uint64_t *)p->fill.entries)[p->fill.at++ & (p->slots - 1)] = d->addr & ~(uint64_t)(CHUNK - 1);
  __atomic_store_n(p->rx.consumer, ++p->rx.at, __ATOMIC_RELEASE);
  __atomic_store_n(p->fill.producer, p->fill.at, __ATOMIC_RELEASE);
}

/* Where the next frame to be sent goes, or NULL while the kernel has all chunks. */
static inline uint8_t *free_slot(struct port *p) {
  if (p->free == 0) {
    uint32_t to = __atomic_load_n(p->completion.producer, __ATOMIC_ACQUIRE);
    while (p->completion.at != to)
      p->chunks[p->free++] = ((uint64_t *)p->completion.entries)[p->completion.at++ & (p->slots - 1)];
    __atomic_store_n(p->completion.consumer, to, __ATOMIC_RELEASE);
  }
  return p->free == 0 ? NULL : p->umem + p->chunks[p->free - 1];
}

static inline void give(struct port *p, unsigned length) {
  struct xdp_desc *d = (struct xdp_desc *)p->tx.entries + (p->tx.at++ & (p->slots - 1));
  *d = (struct xdp_desc){.addr = p->chunks[--p->free], .len = length};
}

static inline void flush(struct port *p) {
  __atomic_store_n(p->tx.producer, p->tx.at, __ATOMIC_RELEASE);
  send(p->fd, NULL, 0, MSG_DONTWAIT);
}

static inline unsigned drops(struct port *p) {
  struct xdp_statistics s;
  socklen_t n = sizeof s;
  check(!getsockopt(p->fd, SOL_XDP, XDP_STATISTICS, &s, &n), "statistics");
  return (unsigned)(s.rx_dropped + s.rx_ring_full);
}
