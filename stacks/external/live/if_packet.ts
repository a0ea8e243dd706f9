/** Numbers of AF_PACKET sockets and their rings (linux/if_packet.h, packet(7)), and the geometry of ours. */

export const AF_PACKET = 17;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_PACKET = 263;
/** Options of a packet socket. */
export const PACKET = {
  ...{ addMembership: 1, rxRing: 5, statistics: 6, version: 10, reserve: 12, txRing: 13 },
  ...{ qdiscBypass: 20, ignoreOutgoing: 23 },
} as const;
export const TPACKET_V2 = 1;
/** All protocols, most significant byte first: before nft and tc see a frame. */
export const ETH_P_ALL = [0, 3];
export const MR_PROMISC = 1;
/** Bits of the status of a slot, received ones first. */
export const STATUS = { user: 1, vlanValid: 0x10, tpidValid: 0x40, request: 1 } as const;
/** Where the bytes of a frame that is to be sent begin in its slot: TPACKET2_HDRLEN - sizeof(sockaddr_ll). */
export const TX_DATA = 32;
/** Bytes before a received frame that put it on whole words: its network header lies on 16 bytes without them. */
export const RESERVE = 2;
/** Bytes of a block, in which the kernel allocates a ring, and of a slot. */
export const BLOCK = 65536;
export const SLOT = 2048;
/** Longest frame that a slot takes. */
export const SLOT_FRAME_MAX: number = SLOT - 96;

/** Received and dropped frames of the socket since it was last asked. */
export interface PacketStatistics {
  readonly received: number;
  /** Lost because the ring was full. */
  readonly dropped: number;
}
