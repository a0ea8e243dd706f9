/**
 * What an `odp_packet_t` knows beside its bytes, in arrays by buffer: input interface, offsets, errors, CoS.
 * Source: OpenDataPlane include/odp/api/spec/packet.h, platform/linux-generic/odp_parse.c.
 */
import {
  checkHeader,
  ETHERNET_HEADER_BYTES,
  etherType,
  ETHERTYPE_IPV4,
  ipv4HeaderLength,
  isIpv4Fragment,
  isVlanType,
  VLAN_TAG_BYTES,
} from "../../core/packet/mod.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";
import { REASON, type Reason } from "../../core/policy.ts";

/** Most VLAN tags that the parser steps over. */
const TAGS_MAX = 2;

/** Metadata of all packets of a machine. */
export class PacketMeta {
  /** Interface that the packet was last received on (`odp_packet_input`). */
  readonly input: Uint8Array;
  /** Offset of layer 3 from the frame's first byte. */
  readonly l3: Uint8Array;
  /** Offset of layer 4, or 0 where there is none. */
  readonly l4: Uint8Array;
  /** Ethernet type behind the tags. */
  readonly type: Uint16Array;
  /** What is wrong with the packet (`odp_packet_has_error`): a reason, `none` when nothing is. */
  readonly error: Uint8Array;
  readonly #memory: PacketMemory;

  /** For the buffers of `memory`. */
  constructor(memory: PacketMemory) {
    const buffers = memory.length.length;
    this.#memory = memory;
    this.input = new Uint8Array(buffers);
    this.l3 = new Uint8Array(buffers);
    this.l4 = new Uint8Array(buffers);
    this.type = new Uint16Array(buffers);
    this.error = new Uint8Array(buffers);
  }

  /** Parses a packet to layer 4, IPv4 header checksum included; answers what is wrong with it. */
  parse(b: number): Reason {
    const { bytes, offset, length } = this.#memory;
    const frame = offset[b]!;
    const end = length[b]!;
    let at = ETHERNET_HEADER_BYTES;
    let type = etherType(bytes, frame);
    for (let tag = 0; tag < TAGS_MAX && isVlanType(type) && at + VLAN_TAG_BYTES <= end; tag++) {
      at += VLAN_TAG_BYTES;
      type = (bytes[frame + at - 2]! << 8) | bytes[frame + at - 1]!;
    }
    this.l3[b] = at;
    this.l4[b] = 0;
    this.type[b] = type;
    if (type !== ETHERTYPE_IPV4) return this.error[b] = REASON.none;
    const reason = checkHeader(bytes, frame + at, end - at, true);
    if (reason === REASON.none && !isIpv4Fragment(bytes, frame + at)) {
      this.l4[b] = at + ipv4HeaderLength(bytes, frame + at);
    }
    return this.error[b] = reason;
  }

  /** The packet in one buffer is in another from now on. */
  copy(from: number, to: number): void {
    this.input[to] = this.input[from]!;
    this.l3[to] = this.l3[from]!;
    this.l4[to] = this.l4[from]!;
    this.type[to] = this.type[from]!;
    this.error[to] = this.error[from]!;
  }
}
