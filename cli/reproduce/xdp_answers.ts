/** The model's answers to the rows about XDP, 64-byte frames on the machine of its paper. */
import {
  createFib4,
  type Dataplane,
  type Env,
  type ReportRow,
  type Stack,
} from "../../core/mod.ts";
import { bgpLikeTable, xdpHost } from "../../fixtures/mod.ts";
import { xdp, xdpBench, xdpForward } from "../../stacks/mod.ts";
import type { Lab } from "./lab.ts";
import { type CoreSetup, meanLatencyUs, processedMpps } from "./one_core.ts";
import { rateOf, type SystemAnswer } from "./system_answers.ts";

/** Prefixes of the table that the XDP paper forwards with. */
const FULL_TABLE = 752_000;
/** Rings of 256 are the fastest there (measurement logs). */
const rings = 256;

const DROP: CoreSetup = { host: xdpHost, rings, stack: () => xdp(xdpBench("xdp_drop")) };
const ROUTER: CoreSetup = { host: xdpHost, rings, stack: () => xdp(xdpForward("faithful")) };
const REDIRECT: CoreSetup = {
  host: xdpHost,
  rings,
  stack: () => xdp(xdpBench("xdp_redirect_map", { egress: [1, 0] })),
};

function fullTable(): SystemAnswer {
  const routes = bgpLikeTable({ routes: FULL_TABLE, seed: 1, nextHops: 2 });
  const fib = createFib4("lc-trie");
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  return rateOf("X04", { ...ROUTER, table: { fib, routes } });
}

/** Frames of one call as xdp-monitor has them, by the tracepoint's own counters. */
function bulkAverage(): SystemAnswer {
  let plane: Dataplane | null = null;
  const { stack } = REDIRECT;
  const watched = (): Stack => {
    const made = stack();
    return Object.assign((env: Env) => plane = made(env), {
      policy: made.policy!,
      invariants: made.invariants!,
    });
  };
  processedMpps({ ...REDIRECT, stack: watched }, 8.65);
  const rows = plane!.report!() as readonly ReportRow[];
  const value = (name: string): number => rows.find((row) => row.name === name)!.value;
  const [sent, drops, calls] = ["sent", "drops", "calls"].map((what) =>
    value(`xdp:xdp_devmap_xmit cpu0 ${what}`)
  );
  return { value: (sent! + drops!) / calls!, detail: `${sent! + drops!} frames, ${calls} calls` };
}

/** How each of these rows is answered. */
export const XDP_ANSWERS: Readonly<Record<string, (lab: Lab) => SystemAnswer>> = {
  S09: () => rateOf("S09", DROP),
  X01: () => rateOf("X01", DROP),
  X02: () => rateOf("X02", REDIRECT),
  X03: () => rateOf("X03", ROUTER),
  X04: (lab) => lab.once("a full table into an LC-trie, XDP", fullTable),
  X05: () =>
    rateOf("X05", {
      ...{ host: xdpHost, rings, stack: () => xdp(xdpBench("xdp_pass")) },
      faults: { badChecksum: 1 },
    }),
  X06: bulkAverage,
  X07: () => {
    const value = processedMpps({ ...ROUTER, lcores: 4 }, 21.4);
    return { value, detail: "256 flows over four queues" };
  },
  X08: () => ({ value: meanLatencyUs(ROUTER, 1), detail: "two ports, one core" }),
};
