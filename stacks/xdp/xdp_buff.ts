/**
 * struct xdp_buff: a received frame on its page before there is an skb, as a program sees it through xdp_md. One for
 * each CPU, filled anew for every frame. What a program changes (data, data_end, data_meta) is written back to the page
 * when it has run.
 *
 * The headroom of a page is 128 bytes here (256 in Linux, XDP_PACKET_HEADROOM), of which adjust_head leaves room for
 * struct xdp_frame. Source: include/net/xdp.h; net/core/filter.c.
 */
import type { PacketContext } from "../../core/bpf/mod.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";
import { STRIDE } from "../../core/memory/memory.ts";
import type { Cpu } from "../../core/stack.ts";
import type { XdpDevices } from "./devices.ts";
import type { RedirectInfo } from "./redirect_info.ts";

/** sizeof(struct xdp_frame): what adjust_head leaves of the headroom. */
export const XDP_FRAME_BYTES = 32;
/** Bytes of metadata at most, in words of four (xdp_metalen_invalid). */
export const META_MAX = 32;
/** An Ethernet header: a frame never becomes shorter. */
const ETH_HLEN = 14;

/** Number of a port's interface: lo is 1. */
export function ifindexOf(port: number): number {
  return port + 2;
}

/** Port of an interface, or -1. */
export function portOf(ifindex: number, ports: number): number {
  const port = ifindex - 2;
  return port >= 0 && port < ports ? port : -1;
}

/** The frame that one CPU has in hand. */
export class XdpBuff implements PacketContext {
  bytes: Uint8Array;
  hardStart = 0;
  dataMeta = 0;
  data = 0;
  dataEnd = 0;
  /** Behind the last byte of the page. */
  hardEnd = 0;
  readonly cpu: number;
  /** Port and queue that it came in on, and the port that it leaves by while a devmap program looks at it. */
  port = 0;
  queue = 0;
  egress = -1;
  /** Context that the program runs in. */
  runner!: Cpu;
  readonly devices: XdpDevices;
  readonly redirect: RedirectInfo;
  readonly #memory: PacketMemory;
  readonly #nsPerCycle: number;

  constructor(
    memory: PacketMemory,
    cpu: number,
    devices: XdpDevices,
    redirect: RedirectInfo,
    mhz: number,
  ) {
    this.#memory = memory;
    this.bytes = memory.bytes;
    this.cpu = cpu;
    this.devices = devices;
    this.redirect = redirect;
    this.#nsPerCycle = 1000 / mhz;
  }

  /** Takes a page in hand (xdp_prepare_buff). */
  load(page: number, metaBytes: number): void {
    const { offset, length } = this.#memory;
    this.hardStart = page * STRIDE;
    this.hardEnd = (page + 1) * STRIDE;
    this.data = offset[page]!;
    this.dataEnd = this.data + length[page]!;
    this.dataMeta = this.data - metaBytes;
  }

  /** Writes back where the frame lies now; answers the bytes of metadata in front of it. */
  store(page: number): number {
    const memory = this.#memory;
    memory.note(page);
    memory.offset[page] = this.data;
    memory.length[page] = this.dataEnd - this.data;
    return this.data - this.dataMeta;
  }

  nowNs(): number {
    return Math.floor(this.runner.tsc() * this.#nsPerCycle);
  }

  /** ingress_ifindex, rx_queue_index, egress_ifindex. */
  field(index: number): number {
    if (index === 3) return ifindexOf(this.port);
    return index === 4 ? this.queue : this.egress < 0 ? 0 : ifindexOf(this.egress);
  }

  /** bpf_xdp_adjust_head; metadata moves along. Answers whether it may be; unchanged where not. */
  adjustHead(delta: number): boolean {
    const meta = this.data - this.dataMeta;
    const data = this.data + delta;
    if (data - meta < this.hardStart + XDP_FRAME_BYTES || data > this.dataEnd - ETH_HLEN) {
      return false;
    }
    if (meta > 0) this.bytes.copyWithin(data - meta, this.dataMeta, this.data);
    this.dataMeta = data - meta;
    this.data = data;
    return true;
  }

  /** bpf_xdp_adjust_meta: room in front of the frame, by words of four bytes. */
  adjustMeta(delta: number): boolean {
    const meta = this.dataMeta + delta;
    const bytes = this.data - meta;
    if (meta < this.hardStart + XDP_FRAME_BYTES || bytes < 0 || bytes % 4 !== 0) return false;
    if (bytes > META_MAX) return false;
    this.dataMeta = meta;
    return true;
  }

  /** bpf_xdp_adjust_tail: shorter, or longer by zeroes. */
  adjustTail(delta: number): boolean {
    const end = this.dataEnd + delta;
    if (end > this.hardEnd || end < this.data + ETH_HLEN) return false;
    if (delta > 0) this.bytes.fill(0, this.dataEnd, end);
    this.dataEnd = end;
    return true;
  }
}
