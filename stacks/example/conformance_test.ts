// Aim: the example keeps every law, and so does a stack that is right but unusual: it works in batches of seven,
// holds packets back and sends them on its third empty poll, so its empty polls do leave traces.
import { conformance } from "../../properties/mod.ts";
import {
  checkFrame,
  type Cpu,
  type Dataplane,
  type Env,
  ipv4Dst,
  REASON,
  rewriteFrame,
} from "../../core/mod.ts";
import { forwarder } from "./mod.ts";

const BATCH = 7;
const EMPTY_POLLS = 3;

function unusual({ ports, fib, neighbours, memory, drop, lcores }: Env): Dataplane {
  const burst = new Int32Array(BATCH);
  const one = new Int32Array(1);
  const held = Array.from({ length: lcores }, () => ports.map((): number[] => []));
  const empty = new Array<number>(lcores).fill(0);

  /** Sends what is held, as far as the rings take it; the rest stays held. */
  function flush(cpu: Cpu): number {
    let sent = 0;
    held[cpu.lcore]!.forEach((queue, port) => {
      while (queue.length > 0) {
        one[0] = queue[0]!;
        if (ports[port]!.txBurst(cpu, cpu.lcore, one, 0, 1) === 0) return;
        queue.shift();
        sent++;
      }
    });
    return sent;
  }

  return {
    name: "unusual",
    poll(cpu) {
      let work = 0;
      for (const { port, queue } of cpu.rxQueues) {
        const n = ports[port]!.rxBurst(cpu, queue, burst, BATCH);
        for (let i = 0; i < n; i++) {
          const b = burst[i]!;
          const at = memory.offset[b]!;
          const reason = checkFrame(memory.bytes, at, memory.length[b]!);
          const nextHop = reason === REASON.none ? fib.lookup(ipv4Dst(memory.bytes, at + 14)) : -1;
          if (reason !== REASON.none) drop(cpu, b, reason);
          else if (nextHop < 0) drop(cpu, b, REASON["no-route"]);
          else {
            rewriteFrame(memory.bytes, at, neighbours, nextHop);
            held[cpu.lcore]![neighbours.port[nextHop]!]!.push(b);
          }
        }
        work += n;
      }
      if (work > 0) empty[cpu.lcore] = 0;
      else if (++empty[cpu.lcore]! >= EMPTY_POLLS) {
        empty[cpu.lcore] = 0;
        return flush(cpu);
      }
      return work;
    },
  };
}

conformance("example forwarder", forwarder, { numRuns: 200 });
conformance("an unusual stack that is right", unusual, { numRuns: 120 });
