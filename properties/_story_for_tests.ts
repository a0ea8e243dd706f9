import { checkFrame, ipv4Dst, REASON, rewriteFrame } from "@planecheck/planecheck";
import type { Dataplane, Env } from "@planecheck/planecheck";

/** Receive a burst, route each packet, send it. */
export function mine({ ports, fib, neighbours, memory, drop }: Env): Dataplane {
  const burst = new Int32Array(32);
  return {
    name: "mine",
    poll(cpu) {
      let work = 0;
      for (const { port, queue } of cpu.rxQueues) {
        const n = ports[port]!.rxBurst(cpu, queue, burst, 32);
        for (let i = 0; i < n; i++) {
          const b = burst[i]!;
          const at = memory.offset[b]!;
          const reason = checkFrame(memory.bytes, at, memory.length[b]!);
          const nextHop = reason === REASON.none ? fib.lookup(ipv4Dst(memory.bytes, at + 14)) : -1;
          if (reason !== REASON.none) drop(cpu, b, reason);
          else if (nextHop < 0) drop(cpu, b, REASON["no-route"]);
          else {
            rewriteFrame(memory.bytes, at, neighbours, nextHop);
            ports[neighbours.port[nextHop]!]!.txBurst(cpu, cpu.lcore, burst, i, 1);
          }
        }
        work += n;
      }
      return work;
    },
  };
}
