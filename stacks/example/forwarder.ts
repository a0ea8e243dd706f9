/** A forwarder of the smallest kind: receive a burst, route each packet, send it; give up what is refused. */
import { checkFrame, ipv4Dst, rewriteFrame } from "../../core/packet/mod.ts";
import { type Policy, REASON } from "../../core/policy.ts";
import { type Cpu, type Dataplane, type Env, type Stack, STRICT } from "../../core/stack.ts";

const BURST = 32;

/** RFC 1812, but for loss on a full transmit ring. */
const POLICY: Policy = { ...STRICT, congestion: ["rx-missed", "tx-full"] };

/**
 * A run-to-completion forwarder to begin from: it keeps all laws under the policy it declares.
 *
 * @example
 * ```ts
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(forwarder.policy!.congestion, ["rx-missed", "tx-full"]);
 * ```
 */
export const forwarder: Stack = Object.assign(build, { policy: POLICY });

function build({ ports, fib, neighbours, memory, drop }: Env): Dataplane {
  const burst = new Int32Array(BURST);
  return {
    name: "forwarder",
    // an empty poll changes nothing here
    idlePollIsStateless: true,
    poll(cpu: Cpu): number {
      let work = 0;
      for (const { port, queue } of cpu.rxQueues) {
        const n = ports[port]!.rxBurst(cpu, queue, burst, BURST);
        for (let i = 0; i < n; i++) {
          const b = burst[i]!;
          const at = memory.offset[b]!;
          const reason = checkFrame(memory.bytes, at, memory.length[b]!);
          const nextHop = reason === REASON.none ? fib.lookup(ipv4Dst(memory.bytes, at + 14)) : -1;
          if (reason !== REASON.none) drop(cpu, b, reason);
          else if (nextHop < 0) drop(cpu, b, REASON["no-route"]);
          else {
            rewriteFrame(memory.bytes, at, neighbours, nextHop);
            const egress = ports[neighbours.port[nextHop]!]!;
            const sent = egress.txBurst(cpu, cpu.lcore, burst, i, 1);
            if (sent === 0) drop(cpu, b, REASON["tx-full"]);
          }
        }
        work += n;
      }
      return work;
    },
  };
}
