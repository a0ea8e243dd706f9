/**
 * What the parts of PacketShader cost, looked up once by name, so that a profile that lacks one is refused before the
 * first packet. Cycles of a core; what a GPU takes is in `gpu_costs.ts`.
 */
import type { Env } from "../../core/stack.ts";

/** Cycles of each part. */
export interface PsCosts {
  /** Entering the kernel and leaving it. */
  readonly syscall: number;
  /** RECV_CHUNK and SEND_CHUNK beyond entering the kernel; a call that finds nothing. */
  readonly recvChunk: number;
  readonly sendChunk: number;
  readonly emptyCall: number;
  /** A packet of them, and 64 bytes copied. */
  readonly rxPacket: number;
  readonly txPacket: number;
  readonly copyLine: number;
  /** SLOWPATH_PACKET: an skb; and what the host's stack does with it. */
  readonly slowpath: number;
  readonly hostStack: number;
  readonly irq: number;
  readonly irqEnable: number;
  readonly preShade: number;
  readonly postShade: number;
  /** A chunk into or out of a queue; into a batch; 4 bytes of it. */
  readonly queueChunk: number;
  readonly gatherChunk: number;
  readonly gatherKey: number;
  readonly spin: number;
  /** A packet whose cell is on the other node; statistics that share a line. */
  readonly remotePacket: number;
  readonly sharedLine: number;
}

/**
 * The costs of a machine.
 * @throws {RangeError} when its profile lacks one
 */
export function psCosts(env: Pick<Env, "cost">): PsCosts {
  const cost = (name: string): number => env.cost(`packetshader.${name}`);
  return {
    syscall: env.cost("host.syscall"),
    recvChunk: cost("recvChunk"),
    sendChunk: cost("sendChunk"),
    emptyCall: cost("emptyCall"),
    rxPacket: cost("rxPacket"),
    txPacket: cost("txPacket"),
    copyLine: cost("copyLine"),
    slowpath: cost("slowpath"),
    hostStack: cost("hostStack"),
    irq: cost("irq"),
    irqEnable: cost("irqEnable"),
    preShade: cost("preShade"),
    postShade: cost("postShade"),
    queueChunk: cost("queueChunk"),
    gatherChunk: cost("gatherChunk"),
    gatherKey: cost("gatherKey"),
    spin: cost("spin"),
    remotePacket: cost("remotePacket"),
    sharedLine: cost("sharedLine"),
  };
}

/** Cycles of copying a frame in strides of 64 bytes. */
export function copyCycles(costs: PsCosts, bytes: number): number {
  return costs.copyLine * ((bytes + 63) >> 6);
}
