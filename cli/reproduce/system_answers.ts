/** The model's answers to the rows about single systems of the survey, one core, 64-byte frames. */
import { createFib4 } from "../../core/mod.ts";
import { bgpLikeTable, type Claim, CLAIMS, xdpHost } from "../../fixtures/mod.ts";
import { linuxNapi, testpmd } from "../../stacks/mod.ts";
import { type CoreSetup, meanLatencyUs, processedMpps } from "./one_core.ts";
import type { Lab } from "./lab.ts";
import { PACKETSHADER_ANSWERS } from "./packetshader.ts";
import { SNABB_ANSWERS } from "./snabb_answers.ts";
import { PF_RING_ANSWERS } from "./pf_ring_answers.ts";

/** The model's number, and more in a few words. */
export interface SystemAnswer {
  readonly value: number;
  readonly detail: string;
}

/** Prefixes of the table that the XDP paper forwards with. */
const FULL_TABLE = 752_000;

const LINUX: CoreSetup = { host: xdpHost, stack: () => linuxNapi() };
const claimed = (id: string): Claim => CLAIMS.find((claim) => claim.id === id)!;

/** Packets a microsecond that one core of `setup` is through with, beside the cycles that each takes. */
export function rateOf(id: string, setup: CoreSetup): SystemAnswer {
  const mpps = processedMpps(setup, claimed(id).value);
  const { value } = setup.host.cpu.clockMhz;
  return { value: mpps, detail: `${Math.round(value / mpps)} cycles a packet` };
}

function fullTable(): SystemAnswer {
  const routes = bgpLikeTable({ routes: FULL_TABLE, seed: 1, nextHops: 2 });
  const fib = createFib4("lc-trie");
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  return rateOf("T04", { ...LINUX, table: { fib, routes } });
}

/** How each of these rows is answered. */
export const SYSTEM_ANSWERS: Readonly<Record<string, (lab: Lab) => SystemAnswer>> = {
  ...PACKETSHADER_ANSWERS,
  ...PF_RING_ANSWERS,
  S10: () => rateOf("S10", { host: xdpHost, stack: () => testpmd({ mode: "rxonly" }) }),
  T01: () => rateOf("T01", { ...LINUX, faults: { badChecksum: 1 } }),
  T03: () => rateOf("T03", LINUX),
  T04: (lab) => lab.once("a full table into an LC-trie", fullTable),
  T05: () => {
    const dpdk = meanLatencyUs({ host: xdpHost, stack: () => testpmd({ mode: "mac" }) }, 1);
    const linux = meanLatencyUs(LINUX, 1);
    return { value: dpdk / linux, detail: `${dpdk.toFixed(2)} / ${linux.toFixed(2)} us` };
  },
  ...SNABB_ANSWERS,
};
