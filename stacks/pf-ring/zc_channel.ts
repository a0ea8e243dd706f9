/** What an application on ZC sees of a channel, whatever driver is below. */
import type { Process } from "../../core/host/process.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ZcHandles, ZcHolder } from "./zc_cluster.ts";

/** One queue of a NIC; the counters are those of pfring_zc_stat. */
export interface ZcChannel extends ZcHolder {
  readonly port: number;
  readonly queue: number;
  readonly recv: number;
  readonly sent: number;
  readonly refused: number;
  readonly flushes: number;
  /** Where a packet is lost that cannot be sent, and what is there then. */
  readonly txPlace: number;
  readonly txCapacity: number;
  recvBurst(cpu: Cpu, handles: ZcHandles, max: number): number;
  sendPkt(cpu: Cpu, handles: ZcHandles, i: number, flush: boolean): boolean;
  flush(cpu: Cpu): void;
  /** The thread that looks at it again and again, where one does: what comes is to be seen by its next look. */
  watchedBy(cpu: Cpu): void;
  /** The caller is about to sleep until a packet comes; true says that one is there already. */
  arm(cpu: Cpu, sleeper: Process): boolean;
}
