// Aim: mistakes that show in a full burst, or once in many packets, are found by a run of the usual length.
// Method: the example with one such mistake each, judged by the laws about loss.
import { assert, assertEquals } from "@std/assert";
import {
  checkFrame,
  type Dataplane,
  type Env,
  ipv4Dst,
  type Policy,
  REASON,
  rewriteFrame,
  type Stack,
  STRICT,
  testbed,
} from "../../core/mod.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import { checkConformance } from "../../properties/mod.ts";

/** Which packet goes wrong: `i` of a burst of `n`, the `count`-th of all; and how. */
interface Mistake {
  readonly goesWrong: (i: number, n: number, count: number) => boolean;
  readonly leaks: boolean;
}

/** A forwarder that routes a burst of 32 and sends it in one, for each port. */
function batching({ goesWrong, leaks }: Mistake): Stack {
  const stack = ({ ports, fib, neighbours, memory, drop }: Env): Dataplane => {
    const burst = new Int32Array(32);
    let count = 0;
    return {
      name: "batching",
      idlePollIsStateless: true,
      poll(cpu) {
        let work = 0;
        for (const { port, queue } of cpu.rxQueues) {
          const n = ports[port]!.rxBurst(cpu, queue, burst, 32);
          const batches = ports.map((): number[] => []);
          for (let i = 0; i < n; i++) {
            const b = burst[i]!;
            const at = memory.offset[b]!;
            const reason = checkFrame(memory.bytes, at, memory.length[b]!);
            const hop = reason === REASON.none ? fib.lookup(ipv4Dst(memory.bytes, at + 14)) : -1;
            count++;
            if (reason !== REASON.none) drop(cpu, b, reason);
            else if (hop < 0) drop(cpu, b, REASON["no-route"]);
            else if (!goesWrong(i, n, count)) {
              rewriteFrame(memory.bytes, at, neighbours, hop);
              batches[neighbours.port[hop]!]!.push(b);
            } else if (!leaks) drop(cpu, b, REASON["tx-full"]);
          }
          batches.forEach((batch, to) => {
            const sent = ports[to]!.txBurst(
              cpu,
              cpu.lcore,
              Int32Array.from(batch),
              0,
              batch.length,
            );
            for (const b of batch.slice(sent)) drop(cpu, b, REASON["tx-full"]);
          });
          work += n;
        }
        return work;
      },
    };
  };
  const policy: Policy = { ...STRICT, congestion: ["rx-missed", "tx-full"] };
  return Object.assign(stack, { policy });
}

function brokenBy(mistake: Mistake): string[] {
  const device = testbed(batching(mistake), machineProfile(paperHost), { name: "batching" });
  const { laws, harness } = checkConformance(device, { only: /^LOSS-(1a|3)$/ });
  assertEquals(harness.filter(({ id }) => id !== "HARN-2"), []);
  return laws.filter(({ counterexample }) => counterexample !== null).map(({ law }) => law.id);
}

const last = (i: number, n: number) => n === 32 && i === 31;
const MISTAKES: readonly [what: string, mistake: Mistake, law: string][] = [
  ["leaks the last packet of a full burst", { goesWrong: last, leaks: true }, "LOSS-3"],
  ["drops the last packet of a full burst", { goesWrong: last, leaks: false }, "LOSS-1a"],
  [
    "drops in the second half of long bursts",
    { goesWrong: (i) => i >= 16, leaks: false },
    "LOSS-1a",
  ],
  [
    "leaks every hundredth packet",
    { goesWrong: (_i, _n, c) => c % 100 === 0, leaks: true },
    "LOSS-3",
  ],
  ["drops all after the hundredth", { goesWrong: (_i, _n, c) => c > 100, leaks: false }, "LOSS-1a"],
];
for (const [what, mistake, law] of MISTAKES) {
  Deno.test(`a forwarder that ${what} breaks ${law} in the usual runs`, () => {
    const broken = brokenBy(mistake);
    assert(broken.includes(law), `broken: ${broken}`);
  });
}

Deno.test("the same forwarder without a mistake breaks none", () => {
  assertEquals(brokenBy({ goesWrong: () => false, leaks: false }), []);
});
