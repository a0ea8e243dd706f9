/**
 * NIC: that what a driver is told of a packet is about this packet, and that counters count what happened. The
 * truth is the scenario and the fates; nothing of the core is asked how it comes to its answers.
 */
import { FATE, type Observation, type PortCounters } from "../../core/machine/observation.ts";
import { REASON, type ReasonName } from "../../core/policy.ts";
import type { Traffic } from "../../core/machine/scenario.ts";
import { RSS_KEY } from "../../fixtures/vectors/rss.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { broken, hex, KEPT, notJudged } from "./_text.ts";

/** Bit of the packet type that says IPv4. */
const IPV4_TYPE = 1;

/** The RSS key as bits. */
const KEY_BITS = [...RSS_KEY].flatMap((digit) =>
  [8, 4, 2, 1].map((bit) => (parseInt(digit, 16) & bit) === 0 ? 0 : 1)
);

/** Bits i to i + 31 of the key, for each bit of the longest input: two addresses and two ports. */
const WINDOWS = Uint32Array.from({ length: 96 }, (_, i) => {
  return parseInt(KEY_BITS.slice(i, i + 32).join(""), 2);
});

/** The Toeplitz hash as its definition has it: bit i of the input selects bits i to i + 31 of the key. */
function toeplitz(input: readonly number[]): number {
  let hash = 0;
  for (let i = 0; i < input.length * 8; i++) {
    if ((input[i >> 3]! >> (7 - (i & 7)) & 1) === 1) hash ^= WINDOWS[i]!;
  }
  return hash >>> 0;
}

/** Hashes that a NIC may give an IPv4 frame: over the addresses, and with ports where there may be some. */
function hashesOf(traffic: Traffic, p: number): number[] {
  const { bytes } = traffic;
  const ip = traffic.offset[p]! + 14;
  const addresses = [...bytes.subarray(ip + 12, ip + 20)];
  const ports = ip + (bytes[ip]! & 15) * 4;
  const hashes = [toeplitz(addresses)];
  if (bytes[ip + 9] === 6 || bytes[ip + 9] === 17) {
    hashes.push(toeplitz([...addresses, ...bytes.subarray(ports, ports + 4)]));
  }
  return hashes;
}

function isIpv4(traffic: Traffic, p: number): boolean {
  const at = traffic.offset[p]! + 12;
  return traffic.bytes[at] === 8 && traffic.bytes[at + 1] === 0;
}

function judgeMetadata(run: Run): Verdict {
  const { observation: o, scenario: { traffic } } = run;
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    if (o.seenPort[p]! < 0) continue;
    judged++;
    const ipv4 = isIpv4(traffic, p);
    const fields: readonly (readonly [string, number, number])[] = [
      ["port", o.seenPort[p]!, traffic.port[p]!],
      ["length", o.seenLength[p]!, traffic.length[p]!],
      ["type", o.seenFlags[p]!, ipv4 ? IPV4_TYPE : 0],
    ];
    for (const [name, told, truth] of fields) {
      if (told === truth) continue;
      return broken(
        `the driver was told ${name} ${told} of packet ${p}, expected ${truth}`,
        [p],
      );
    }
    const hash = o.seenHash[p]!;
    if (hash === 0 || (ipv4 && hashesOf(traffic, p).includes(hash))) continue;
    return broken(
      `the driver was told RSS hash 0x${hex(hash, 8)} of packet ${p}, ` +
        (ipv4
          ? `expected 0 or 0x${hashesOf(traffic, p).map((h) => hex(h, 8)).join(" or 0x")}`
          : "expected 0: it is not IPv4"),
      [p],
    );
  }
  return judged === 0 ? notJudged("no host driver took a packet") : KEPT;
}

/** NIC-7: fresh metadata. */
export const NIC_7: Law = {
  id: "NIC-7",
  statement:
    "Port, length, type and RSS hash that a driver is told of a packet are those of this " +
    "packet.",
  clause: "Intel 82599 data sheet, 7.1.6.2 (advanced receive descriptors, write-back)",
  needs: ["metadata"],
  stress: ["vlan", "tcp or icmp"],
  judge: judgeMetadata,
};

/** What a port must have counted. */
function truthOf(o: Observation, traffic: Traffic, port: number): Partial<PortCounters> {
  const truth = {
    rxFrames: 0,
    rxBytes: 0,
    rxMissed: 0,
    rxCrcErrors: 0,
    rxUndersize: 0,
    rxOversize: 0,
    txFrames: 0,
    txBytes: 0,
  };
  const refused:
    readonly (readonly [ReasonName, "rxMissed" | "rxCrcErrors" | "rxUndersize" | "rxOversize"])[] =
      [
        ["rx-missed", "rxMissed"],
        ["bad-fcs", "rxCrcErrors"],
        ["runt", "rxUndersize"],
        ["oversize", "rxOversize"],
      ];
  for (let p = 0; p < o.count; p++) {
    if (traffic.port[p] !== port) continue;
    const counter = o.fate[p] === FATE.dropped
      ? refused.find(([reason]) => REASON[reason] === o.reason[p])?.[1]
      : undefined;
    if (counter !== undefined) truth[counter]++;
    // what no buffer has ever carried had not arrived when the run ended
    else if (o.carrier[p]! >= 0) {
      truth.rxFrames++;
      truth.rxBytes += traffic.length[p]!;
    }
  }
  for (let i = 0; i < o.outCount; i++) {
    if (o.outPort[i] !== port) continue;
    truth.txFrames++;
    truth.txBytes += o.outLength[i]!;
  }
  const rxErrors = truth.rxCrcErrors + truth.rxUndersize + truth.rxOversize;
  return { ...truth, rxErrors };
}

function judgeCounters(run: Run): Verdict {
  const { observation: o, scenario: { traffic } } = run;
  let judged = 0;
  for (const counters of o.ports) {
    const truth = truthOf(o, traffic, counters.port);
    for (const name of Object.keys(truth) as (keyof PortCounters)[]) {
      const expected = truth[name]!;
      judged += expected;
      if (counters[name] === expected) continue;
      return broken(
        `port ${counters.port} counted ${name} ${counters[name]}, expected ${expected}`,
        [],
      );
    }
  }
  return judged === 0 ? notJudged("no port had anything to count") : KEPT;
}

/** NIC-8: counters are the truth. */
export const NIC_8: Law = {
  id: "NIC-8",
  statement:
    "Every port counts each frame that it takes, misses, refuses or sends once, under the " +
    "right name.",
  clause: "RFC 2863, 3.1.6; Intel 82599 data sheet, 8.2.3.23 (statistics)",
  needs: ["frames", "fates", "counters"],
  stress: ["oversize", "runt", "wrong fcs"],
  judge: judgeCounters,
};
