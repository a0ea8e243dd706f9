/** What the kernel module and its library cost, looked up once by name. */
import type { Env } from "../../core/stack.ts";
import type { FilterCosts } from "./filters.ts";

/** Cycles of each part. */
export interface ModuleCosts {
  readonly handler: number;
  readonly parse: number;
  readonly hash: number;
  readonly filter: FilterCosts;
  readonly copyBase: number;
  readonly copyByte: number;
  readonly lock: number;
  readonly lockMoved: number;
  readonly recv: number;
  readonly recvCopyBase: number;
  readonly recvEmpty: number;
  readonly send: number;
  readonly reflect: number;
  readonly app: number;
  readonly skbAlloc: number;
  /** Look-up and rewriting in the application. */
  readonly route: number;
}

/**
 * The costs of this machine.
 * @throws {RangeError} when its profile lacks one
 */
export function moduleCosts(env: Env): ModuleCosts {
  const cost = (name: string): number => env.cost(`pf-ring.${name}`);
  return {
    handler: cost("handler"),
    parse: cost("parse"),
    hash: cost("hash"),
    filter: { rule: cost("filterRule"), insn: cost("bpfInsn") },
    copyBase: cost("copyBase"),
    copyByte: cost("copyByte"),
    lock: cost("lock"),
    lockMoved: cost("lockMoved"),
    recv: cost("recv"),
    recvCopyBase: cost("recvCopyBase"),
    recvEmpty: cost("recvEmpty"),
    send: cost("send"),
    reflect: cost("reflect"),
    app: cost("appPacket"),
    skbAlloc: env.cost("linux.skb.alloc"),
    route: env.cost("l3fwd.packet"),
  };
}
