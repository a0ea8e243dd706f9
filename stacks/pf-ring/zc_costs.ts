/** What ZC's library costs, looked up once by name so that a profile that lacks one is refused before the first packet. */
import type { Env } from "../../core/stack.ts";

/** Cycles of each part. */
export interface ZcCosts {
  readonly rxBurst: number;
  readonly rxPacket: number;
  readonly txPacket: number;
  readonly flush: number;
  readonly exchange: number;
  readonly irq: number;
  readonly emptyPoll: number;
  readonly app: number;
  /** Look-up and rewriting, as any router on this machine pays for them. */
  readonly route: number;
}

/**
 * The costs of this machine.
 * @throws {RangeError} when its profile lacks one
 */
export function zcCosts(env: Env): ZcCosts {
  return {
    rxBurst: env.cost("pf-ring.zcRxBurst"),
    rxPacket: env.cost("pf-ring.zcRxPacket"),
    txPacket: env.cost("pf-ring.zcTxPacket"),
    flush: env.cost("pf-ring.zcFlush"),
    exchange: env.cost("pf-ring.zcExchange"),
    irq: env.cost("pf-ring.zcIrq"),
    emptyPoll: env.cost("pf-ring.zcEmptyPoll"),
    app: env.cost("pf-ring.zcAppPacket"),
    route: env.cost("l3fwd.packet"),
  };
}
