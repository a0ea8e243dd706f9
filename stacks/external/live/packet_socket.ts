/** Opens the socket of a packet port: options, both rings, bound to its interface, promiscuous (packet(7)). */
import * as P from "./if_packet.ts";
import { closeLibc, failure, type Libc, openLibc, succeeded, u32s } from "./libc.ts";

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

/** An open socket with its rings in memory: receive slots, then transmit slots. */
export interface PacketSocket {
  /** Held until the port is closed. */
  readonly libc: Libc;
  readonly fd: number;
  readonly memory: Deno.PointerObject;
  readonly rings: ArrayBuffer;
}

/**
 * Opens a socket on interface `index` with so many slots in its rings; `name` is for the texts of errors.
 * @throws {SystemCallError} without CAP_NET_RAW, or when there is no such interface; nothing stays open then
 */
export function openSocket(
  index: number,
  name: string,
  slots: number,
  txSlots: number,
): PacketSocket {
  const libc = openLibc();
  // protocol 0 receives nothing until bound
  const fd = libc.socket(P.AF_PACKET, P.SOCK_RAW | P.SOCK_CLOEXEC, 0);
  if (fd < 0) {
    const need = "(it needs CAP_NET_RAW: be root, or start it under `unshare -Urn`)";
    const error = failure(libc, `open a packet socket on ${name} ${need}`);
    closeLibc();
    throw error;
  }
  const set = (option: number, value: Uint8Array<ArrayBuffer>) => {
    const done = libc.setsockopt(fd, P.SOL_PACKET, option, value, value.length);
    succeeded(libc, done, `set option ${option} of a packet socket on ${name}`);
  };
  try {
    set(P.PACKET.version, u32s(P.TPACKET_V2));
    set(P.PACKET.ignoreOutgoing, u32s(1));
    set(P.PACKET.qdiscBypass, u32s(1));
    set(P.PACKET.vnetHeader, u32s(1));
    set(P.PACKET.txHasOffset, u32s(1));
    set(P.PACKET.reserve, u32s(P.RESERVE));
    const ring = (n: number) => u32s(P.BLOCK, n * P.SLOT / P.BLOCK, P.SLOT, n);
    set(P.PACKET.rxRing, ring(slots));
    set(P.PACKET.txRing, ring(txSlots));
    // bound first: when this fails, there is nothing to unmap
    const bound = libc.bind(fd, addressOn(index), 20);
    succeeded(libc, bound, `bind a packet socket to ${name}`);
    set(P.PACKET.addMembership, u32s(index, P.MR_PROMISC, 0, 0));
    const mapped = BigInt((slots + txSlots) * P.SLOT);
    const memory = libc.mmap(null, mapped, PROT_READ_WRITE, MAP_SHARED, fd, 0n);
    if (memory === null || Deno.UnsafePointer.value(memory) === 2n ** 64n - 1n) {
      throw failure(libc, `map the rings of ${name}`);
    }
    const rings = Deno.UnsafePointerView.getArrayBuffer(memory, Number(mapped));
    const view = new DataView(rings);
    for (let at = slots * P.SLOT; at < rings.byteLength; at += P.SLOT) {
      view.setUint16(at + P.TP_MAC, P.TX_DATA - P.VNET_HEADER, true);
    }
    return { libc, fd, memory, rings };
  } catch (error) {
    libc.close(fd);
    closeLibc();
    throw error;
  }
}

/** Closes a socket. Its rings must not be touched any more. */
export function closeSocket({ libc, fd, memory, rings }: PacketSocket): void {
  libc.munmap(memory, BigInt(rings.byteLength));
  libc.close(fd);
  closeLibc();
}

/** A sockaddr_ll: all frames of an interface. */
function addressOn(index: number): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, P.AF_PACKET, true);
  address.set(P.ETH_P_ALL, 2);
  view.setInt32(4, index, true);
  return address;
}
