/* An AF_PACKET socket with TPACKET_V2 rings, as packet(7) has them. Before each frame is a
   header: its `hdr_len` has the kernel copy all of a frame that is sent as it makes its packet buffer. A received
   frame begins at byte 128 of its slot, with a cache line. */
#include "common.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>

enum { BLOCK = 65536, SLOT = 2048, RESERVE = 52, TX_HEADER = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll) };

struct port {
  int fd;
  unsigned slots, rx, tx;
  uint8_t *ring;
};

static inline struct port open_port(const char *name, unsigned slots) {
  struct port p = {.slots = slots};
  int version = TPACKET_V2, one = 1, reserve = RESERVE;
  struct tpacket_req req = {BLOCK, slots * SLOT / BLOCK, SLOT, slots};
  p.fd = socket(AF_PACKET, SOCK_RAW, 0);
  check(p.fd >= 0, "socket");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version), "version");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one), "outgoing");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one), "bypass");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one), "header");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof reserve), "reserve");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req), "rx ring");
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof req), "tx ring");
  p.ring = mmap(NULL, 2ul * slots * SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, p.fd, 0);
  check(p.ring != MAP_FAILED, "mmap");
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
                           .sll_ifindex = (int)if_nametoindex(name)};
  check(to.sll_ifindex > 0, name);
  check(!bind(p.fd, (struct sockaddr *)&to, sizeof to), "bind");
  struct packet_mreq mr = {.mr_ifindex = to.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  check(!setsockopt(p.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof mr), "promiscuous");
  return p;
}

/* The received frame that is next, or NULL; its slot is the kernel's again after `give_back`. */
static inline uint8_t *next_frame(struct port *p, unsigned *length) {
  struct tpacket2_hdr *h = (void *)(p->ring + p->rx * SLOT);
  if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return NULL;
  *length = h->tp_snaplen;
  return (uint8_t *)h + h->tp_mac;
}

static inline void give_back(struct port *p) {
  struct tpacket2_hdr *h = (void *)(p->ring + p->rx * SLOT);
  __atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  p->rx = p->rx + 1 == p->slots ? 0 : p->rx + 1;
}

/* Where the next frame to be sent goes, or NULL while the kernel has the slot. */
static inline uint8_t *free_slot(struct port *p) {
  struct tpacket2_hdr *h = (void *)(p->ring + (p->slots + p->tx) * SLOT);
  if (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE) return NULL;
  return (uint8_t *)h + TX_HEADER + sizeof(struct virtio_net_hdr);
}

static inline void give(struct port *p, unsigned length) {
  struct tpacket2_hdr *h = (void *)(p->ring + (p->slots + p->tx) * SLOT);
  ((struct virtio_net_hdr *)((uint8_t *)h + TX_HEADER))->hdr_len = (uint16_t)length;
  h->tp_len = sizeof(struct virtio_net_hdr) + length;
  __atomic_store_n(&h->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
  p->tx = p->tx + 1 == p->slots ? 0 : p->tx + 1;
}

static inline void flush(struct port *p) { send(p->fd, NULL, 0, MSG_DONTWAIT); }

static inline unsigned drops(struct port *p) {
  struct tpacket_stats s;
  socklen_t n = sizeof s;
  check(!getsockopt(p->fd, SOL_PACKET, PACKET_STATISTICS, &s, &n), "statistics");
  return s.tp_drops;
}
