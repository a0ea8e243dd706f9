/**
 * Stacks for the tests of the machine: as short as a user would write them.
 */
import { FLAG } from "../memory/memory.ts";
import { checkHeader, decrementTtl } from "../packet/ipv4_forward.ts";
import { copyMac } from "../packet/ethernet.ts";
import { ipv4Dst } from "../packet/ipv4.ts";
import { type Policy, REASON } from "../policy.ts";
import { type Cpu, type Dataplane, type Env, type Stack, STRICT } from "../stack.ts";

/** What the stacks here declare. */
export const POLICY: Policy = { ...STRICT, congestion: ["rx-missed", "tx-full"] };

/** Drops the packet in `b` or rewrites it; answers its egress port, or -1. */
export function routeOne(env: Env, cpu: Cpu, b: number): number {
  const { memory, neighbours, fib } = env;
  const at = memory.offset[b]!;
  let reason = (memory.flags[b]! & FLAG.ipv4) === 0
    ? REASON["not-ip"]
    : checkHeader(memory.bytes, at + 14, memory.length[b]! - 14, true);
  if (reason === REASON.none && memory.bytes[at + 22]! <= 1) reason = REASON.ttl;
  const nextHop = reason === REASON.none ? fib.lookup(ipv4Dst(memory.bytes, at + 14)) : -1;
  if (nextHop < 0) {
    env.drop(cpu, b, reason === REASON.none ? REASON["no-route"] : reason);
    return -1;
  }
  const egress = neighbours.port[nextHop]!;
  decrementTtl(memory.bytes, at + 14);
  copyMac(neighbours.mac, nextHop * 6, memory.bytes, at);
  copyMac(neighbours.portMac, egress * 6, memory.bytes, at + 6);
  return egress;
}

/** Polls every port in one poll, packet by packet, and spawns nothing. */
export const simple: Stack = Object.assign((env: Env): Dataplane => {
  const burst = new Int32Array(32);
  const poll = (cpu: Cpu): number => {
    let moved = 0;
    for (const { port, queue } of cpu.rxQueues) {
      const n = env.ports[port]!.rxBurst(cpu, queue, burst, 32);
      cpu.charge(n * 100);
      for (let i = 0; i < n; i++) {
        const egress = routeOne(env, cpu, burst[i]!);
        if (egress < 0) continue;
        if (env.ports[egress]!.txBurst(cpu, cpu.lcore, burst, i, 1) === 0) {
          env.drop(cpu, burst[i]!, REASON["tx-full"]);
        }
      }
      moved += n;
    }
    return moved;
  };
  return { name: "simple", poll, idlePollIsStateless: true };
}, { policy: POLICY });

/**
 * Gathers sevens for each egress and sends what is left over on the third empty poll in a row: correct, and
 * not to be skipped, since an empty poll changes something.
 */
export const sevens: Stack = Object.assign((env: Env): Dataplane => {
  const burst = new Int32Array(7);
  const held: number[][][] = Array.from({ length: env.lcores }, () => env.ports.map(() => []));
  const empties = new Int32Array(env.lcores);
  const flush = (cpu: Cpu, egress: number): number => {
    const out = Int32Array.from(held[cpu.lcore]![egress]!.splice(0));
    if (out.length === 0) return 0;
    const sent = env.ports[egress]!.txBurst(cpu, cpu.lcore, out, 0, out.length);
    for (const b of out.subarray(sent)) env.drop(cpu, b, REASON["tx-full"]);
    return out.length;
  };
  const poll = (cpu: Cpu): number => {
    let moved = 0;
    for (const { port, queue } of cpu.rxQueues) {
      const n = env.ports[port]!.rxBurst(cpu, queue, burst, 7);
      cpu.charge(n * 150);
      moved += n;
      for (const b of burst.slice(0, n)) {
        const egress = routeOne(env, cpu, b);
        if (egress < 0) continue;
        if (held[cpu.lcore]![egress]!.push(b) === 7) flush(cpu, egress);
      }
    }
    empties[cpu.lcore] = moved > 0 ? 0 : empties[cpu.lcore]! + 1;
    if (empties[cpu.lcore] === 3) env.ports.forEach((_, egress) => moved += flush(cpu, egress));
    return moved;
  };
  return { name: "sevens", poll };
}, { policy: POLICY });
