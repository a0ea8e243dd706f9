/** Numbers of AF_PACKET sockets and their rings (linux/if_packet.h, packet(7)), and the geometry of ours. */

export const AF_PACKET = 17;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_PACKET = 263;
/** Options of a packet socket. */
export const PACKET = {
  ...{ addMembership: 1, rxRing: 5, statistics: 6, version: 10, reserve: 12, txRing: 13 },
  ...{ vnetHeader: 15, txHasOffset: 19, qdiscBypass: 20, ignoreOutgoing: 23 },
} as const;
export const TPACKET_V2 = 1;
/** All protocols, most significant byte first: before nft and tc see a frame. */
export const ETH_P_ALL = [0, 3];
export const MR_PROMISC = 1;
/** Bits of the status of a slot, received ones first. */
export const STATUS = {
  ...{ user: 1, checksumNotReady: 8, vlanValid: 0x10, tpidValid: 0x40 },
  ...{ request: 1 },
} as const;
/**
 * Bytes of the header before every frame (struct virtio_net_hdr, linux/virtio_net.h). With it a received frame lies on
 * whole words, and `hdr_len` of one that is sent says how much of it the kernel copies as it makes its packet buffer.
 * Without, that is the MAC header; the rest stays in the ring's pages, and veth copies it into a page of its own.
 */
export const VNET_HEADER = 10;
/**
 * Bytes that the kernel leaves out before a received frame, so that it begins at byte 128 of its slot, with a cache
 * line, instead of 76: 60 bytes lie in one line instead of two.
 */
export const RESERVE = 52;
/** Where the bytes of a frame that is to be sent begin in its slot (`tp_mac`: where its header does). */
export const TX_DATA = 48;
/** Where in a slot `tp_mac` is, the distance of its frame, or of the header before one that is to be sent. */
export const TP_MAC = 12;
/** Where `hdr_len` of that header is; `gso_size`, which is 0, shares its word. */
export const TX_HDR_LEN: number = TX_DATA - VNET_HEADER + 2;
/** Bytes of a block, in which the kernel allocates a ring, and of a slot. */
export const BLOCK = 65536;
export const SLOT = 2048;
/** Longest frame that a slot takes. */
export const SLOT_FRAME_MAX: number = SLOT - 128;

/** Received and dropped frames of the socket since it was last asked. */
export interface PacketStatistics {
  readonly received: number;
  /** Lost because the ring was full. */
  readonly dropped: number;
}
