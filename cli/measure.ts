/** Reads the figures of a report off an Observation. */
import { FATE, type LcoreAccount, type Observation, REASONS, type Traffic } from "../core/mod.ts";
import type { LatencyRecord, LinkRecord, StackResult } from "./report/result.ts";

/** The figures of a run. */
export type Figures = Omit<
  StackResult,
  "name" | "title" | "policy" | "rings" | "laws" | "invariants" | "counters"
>;

/** Ends of the upstream link: what crosses it goes through the root complex. */
const ROOT = /\b(host|root)\b/;

/** The figures of a run over `traffic`. Reads the observation only. */
export function measure(traffic: Traffic, o: Observation): Figures {
  const fates = [0, 0, 0, 0];
  const reasons = new Array<number>(REASONS.length).fill(0);
  for (let p = 0; p < o.count; p++) {
    fates[o.fate[p]!]!++;
    if (o.fate[p] === FATE.dropped) reasons[o.reason[p]!]!++;
  }
  const forwarded = fates[FATE.emitted]!;
  const perForwarded = (n: number) => forwarded > 0 ? n / forwarded : null;
  return {
    offered: o.count,
    forwarded,
    dropped: REASONS.map((reason, r) => ({ reason, packets: reasons[r]! }))
      .filter(({ packets }) => packets > 0),
    freed: fates[FATE.freed]!,
    waiting: fates[FATE.none]!,
    ...rates(traffic, o, forwarded),
    latencyNs: latency(traffic, o),
    cpu: cpuUse(o.lcores),
    copies: copies(o),
    pcie: pcie(o, perForwarded),
    doorbells: perForwarded(o.doorbells),
    interrupts: perForwarded(o.interrupts),
    run: {
      end: o.end,
      virtualUs: o.endPs / 1e6,
      events: o.events,
      traceHash: (o.traceHash >>> 0).toString(16).padStart(8, "0"),
    },
  };
}

/**
 * Packets per microsecond. What is forwarded is counted until the last frame has left: a stack that only fills its
 * buffers while frames come in must not look as fast as they come.
 */
function rates(
  traffic: Traffic,
  o: Observation,
  forwarded: number,
): Pick<StackResult, "offeredMpps" | "forwardedMpps"> {
  const n = traffic.count;
  if (n === 0) return { offeredMpps: null, forwardedMpps: null };
  const first = traffic.at[0]!;
  const last = traffic.at[n - 1]!;
  let out = last;
  for (let i = 0; i < o.outCount; i++) out = Math.max(out, o.outEnd[i]!);
  const mpps = (packets: number, ps: number) => ps > 0 ? packets / (ps / 1e6) : null;
  return { offeredMpps: mpps(n - 1, last - first), forwardedMpps: mpps(forwarded, out - first) };
}

/** Shares for the plot: every hundredth, and closer at the tail that matters. */
const SHARES = [...Array.from({ length: 100 }, (_, i) => i / 100), 0.995, 0.999, 1];

function latency(traffic: Traffic, o: Observation): LatencyRecord | null {
  const ns = new Float64Array(o.outCount);
  let n = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p >= 0 && p < traffic.count) ns[n++] = (o.outEnd[i]! - traffic.at[p]!) / 1000;
  }
  if (n === 0) return null;
  const sorted = ns.subarray(0, n).sort();
  const at = (share: number) => quantile(sorted, share);
  return {
    min: at(0),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: at(1),
    cdf: SHARES.map((share) => ({ ns: at(share), share })),
  };
}

/** Nearest rank: the smallest value that a share of all does not exceed. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

function cpuUse(lcores: readonly LcoreAccount[]): StackResult["cpu"] {
  let busyPs = 0, usefulPs = 0, totalPs = 0;
  const each = lcores.map((account) => {
    busyPs += account.busyPs;
    usefulPs += account.usefulPs;
    totalPs += account.totalPs;
    return {
      busy: shareOf(account.busyPs, account.totalPs),
      useful: shareOf(account.usefulPs, account.totalPs),
    };
  });
  return { busy: shareOf(busyPs, totalPs), useful: shareOf(usefulPs, totalPs), lcores: each };
}

/** A body that began before the end of the run may be charged beyond it. */
function shareOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}

function copies(o: Observation): number | null {
  let bytes = 0;
  for (let i = 0; i < o.outCount; i++) bytes += o.outLength[i]!;
  return bytes > 0 ? o.copiedBytes / bytes : null;
}

function pcie(
  o: Observation,
  perForwarded: (n: number) => number | null,
): StackResult["pcie"] {
  let payload = 0, tlp = 0, root = 0;
  const links: LinkRecord[] = o.links.map(({ name, payloadBytes, tlpBytes, tlps }) => {
    payload += payloadBytes;
    tlp += tlpBytes;
    if (ROOT.test(name)) root += tlpBytes;
    const [posted, nonPosted, completion] = tlps;
    return { name, payloadBytes, tlpBytes, tlps: { posted, nonPosted, completion } };
  });
  return {
    payloadBytes: perForwarded(payload),
    tlpBytes: perForwarded(tlp),
    rootTlpBytes: perForwarded(root),
    links,
  };
}
