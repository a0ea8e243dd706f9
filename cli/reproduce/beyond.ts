/** Larger P2PNIC routers on the model: more NICs, more routes, faster links, two switches. */
import { createFib4, type Fib4, type Fib4Kind } from "../../core/mod.ts";
import {
  bgpLikeTable,
  flatten,
  type HostProfile,
  type Pattern,
  PATTERNS,
  Prng,
} from "../../fixtures/mod.ts";
import { integer } from "../report/format.ts";
import { Bench, saturated } from "./lab.ts";
import { type System, systemOf } from "./systems.ts";
import { wireMpps } from "./traffic.ts";
import type { Question } from "./what_if.ts";

const WIDTH = 380;
const HEIGHT = 240;
/** Lanes of the paper's switch, and of its port towards the root complex. */
const SWITCH_LANES = 97;
const UPSTREAM_LANES = 16;
const NIC_LANES = 8;

/** Every port sends to the one half way round. */
function across(ports: number): Pattern {
  const inputs = Array.from({ length: ports }, (_, port) => ({
    port,
    outputs: [(port + ports / 2) % ports],
  }));
  return { name: `${ports}in-${ports}out`, inputs };
}

/** Share of the wire rate at a size, of all ports at once. */
function shareOfWire(system: System, pattern: Pattern, size: number, linkGbps = 40): number {
  const { mpps } = saturated(new Bench(system), pattern, size, linkGbps);
  return mpps / (pattern.inputs.length * wireMpps(size, linkGbps));
}

/** How many NICs until device memory or the switch binds (3.3, 6.1). */
export function howManyNics(host: HostProfile): Question {
  const wr = systemOf("Wr", host);
  const { nic } = flatten(host);
  const size = 128;
  const enough = [8, 16, 32, 64, 128, 256, 512].find((peerSlots) =>
    shareOfWire({ ...wr, peerSlots }, PATTERNS["4in-4out"], size) > 0.995
  )!;
  const byLanes = Math.floor((SWITCH_LANES - UPSTREAM_LANES) / NIC_LANES);
  const byMemory = (slots: number) => 1 + Math.floor(nic.packetBuffers / slots);
  const counts = [2, 4, 6, 8, byLanes];
  const shares = counts.map((ports) =>
    shareOfWire({ ...wr, ports, peerSlots: enough }, across(ports), size)
  );
  const rows = counts.map((ports, i) => [
    String(ports),
    `${(shares[i]! * 100).toFixed(1)} %`,
    (shares[i]! * ports * 40).toFixed(0),
    integer((ports - 1) * enough),
    (((ports - 1) * enough * nic.bufferBytes) / 2 ** 20).toFixed(2),
    `${ports * NIC_LANES + UPSTREAM_LANES} of ${SWITCH_LANES}`,
  ]);
  const answer =
    `${enough} slots for each peer are enough for the wire rate at ${size} B; the ${
      integer(nic.packetBuffers)
    } buffers ` +
    `that a NIC has then serve ${integer(byMemory(enough))} NICs, and with ${wr.peerSlots} slots ` +
    `${
      byMemory(wr.peerSlots)
    }. The switch's ${SWITCH_LANES} lanes take ${byLanes} NICs of x8 beside an x16 port to the ` +
    "host, so lanes bind first. Inside the switch the model has no limit of its own: links are all that is shared.";
  const values = counts.map((nics, i) => ({ nics, gbps: shares[i]! * nics * 40 }));
  return {
    record: {
      id: "nics",
      question: "How many NICs, until device memory or the switch binds?",
      answer,
      head: ["NICs", `of wire, ${size} B`, "Gb/s", "slots a NIC", "MiB a NIC", "lanes"],
      rows,
    },
    plot: {
      about:
        "Frames of 128 B that leave, as wire time; dashed: the NICs that the switch has lanes for.",
      spec: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values },
            mark: {
              type: "line",
              strokeWidth: 2.5,
              point: { size: 50, color: "#e08214" },
              color: "#e08214",
            },
            encoding: {
              x: { field: "nics", type: "quantitative", title: "NICs", scale: { domain: [0, 12] } },
              y: { field: "gbps", type: "quantitative", title: "Gb/s of wire time, 128 B" },
            },
          },
          {
            data: { values: [{ nics: byLanes }] },
            mark: { type: "rule", color: "currentColor", strokeDash: [6, 4] },
            encoding: { x: { field: "nics", type: "quantitative" } },
          },
          {
            data: { values: [{ nics: byLanes, label: "lanes" }] },
            mark: { type: "text", color: "currentColor", align: "left", dx: 5, fontSize: 12 },
            encoding: {
              x: { field: "nics", type: "quantitative" },
              y: { value: 12 },
              text: { field: "label" },
            },
          },
        ],
      },
    },
  };
}

/** Routes of the paper's full table. */
const FULL_TABLE = 841_941;
const READS_SAMPLED = 100_000;
const KINDS: readonly Fib4Kind[] = ["dir24-8", "dir24-8-compact", "state-jump", "poptrie", "dxr"];

/** A full BGP table on the NIC (6.1), with tables that are smaller than librte_lpm. */
export function fullTable(host: HostProfile): Question {
  const routes = bgpLikeTable({ routes: FULL_TABLE, seed: 1 });
  const { nic } = flatten(host);
  const measured = KINDS.map((kind) => {
    const limits = kind === "dir24-8" ? { groups: 2 ** 18, maxRules: FULL_TABLE } : {};
    const fib = createFib4(kind, limits);
    let added = 0;
    while (
      added < FULL_TABLE &&
      fib.add(routes.prefix[added]!, routes.depth[added]!, routes.nextHop[added]!)
    ) added++;
    if (added < FULL_TABLE) throw new RangeError(`Cannot fill ${kind}: full after ${added} routes`);
    const reads = meanReads(fib, routes.prefix, routes.depth);
    const mpps = withReads(host, reads);
    return { kind, bytes: fib.bytesOccupied, reads, mpps };
  });
  const placeOf = (bytes: number) =>
    bytes <= nic.imemBytes ? "IMEM" : bytes <= nic.ememCacheBytes ? "EMEM cache" : "neither";
  const rows = measured.map(({ kind, bytes, reads, mpps }) => [
    kind,
    integer(bytes),
    placeOf(bytes),
    reads.toFixed(2),
    placeOf(bytes) === "neither" ? "-" : mpps.toFixed(2),
  ]);
  const fitting = measured.filter(({ bytes }) => placeOf(bytes) !== "neither");
  const best = fitting.reduce((a, b) => (b.mpps > a.mpps ? b : a));
  const smallest = fitting.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  return {
    record: {
      id: "full-table",
      question: "A full BGP table on the NIC?",
      answer:
        `${smallest.kind} holds all ${integer(FULL_TABLE)} routes of a generated table in ${
          integer(smallest.bytes)
        } bytes; ` +
        `librte_lpm's layout needs ${
          integer(measured[0]!.bytes)
        }. The price is reads: the calibrated look-up of ` +
        `${nic.lookupNs} ns stands for one, each further one adds as much, and ${best.kind} forwards the most, ` +
        `${
          best.mpps.toFixed(1)
        } Mpps of 64 B frames in 1in-1out. That IMEM and EMEM answer alike is an assumption; ` +
        "the card's data give both 150 to 250 cycles.",
      head: ["table", "bytes", "fits", "reads, covered", "Mpps, 64 B"],
      rows,
    },
    plot: {
      about: "Bytes that each table occupies with all routes.",
      spec: {
        width: WIDTH,
        height: { step: 34 },
        layer: [
          {
            data: { values: measured.map(({ kind, bytes }) => ({ kind, megabytes: bytes / 1e6 })) },
            mark: { type: "bar", color: "#3f8fd2" },
            encoding: {
              y: {
                field: "kind",
                type: "nominal",
                sort: KINDS,
                title: null,
                axis: { labelLimit: 0 },
              },
              x: {
                field: "megabytes",
                type: "quantitative",
                title: "MB occupied; dashed: IMEM, EMEM cache",
                axis: { tickCount: 6 },
              },
            },
          },
          {
            data: {
              values: [nic.imemBytes, nic.ememCacheBytes].map((b) => ({ megabytes: b / 1e6 })),
            },
            mark: { type: "rule", color: "currentColor", strokeDash: [6, 4] },
            encoding: { x: { field: "megabytes", type: "quantitative" } },
          },
        ],
      },
    },
  };
}

/** Mean number of dependent reads for a random address of a random route. */
function meanReads(fib: Fib4, prefix: Uint32Array, depth: Uint8Array): number {
  const rng = new Prng(1);
  let sum = 0;
  for (let k = 0; k < READS_SAMPLED; k++) {
    const i = rng.below(FULL_TABLE);
    sum += fib.reads(prefix[i]! + rng.below(2 ** (32 - depth[i]!)));
  }
  return sum / READS_SAMPLED;
}

/** Throughput of Wr at 64 B when each look-up makes so many reads. */
function withReads(host: HostProfile, reads: number): number {
  const wr = systemOf("Wr", host);
  const { costs } = wr.machine;
  const read = costs["p2pnic.read"]! * reads;
  const machine = { ...wr.machine, costs: { ...costs, "p2pnic.read": read } };
  return saturated(new Bench({ ...wr, machine }), PATTERNS["1in-1out"], 64).mpps;
}

const SPEEDS = [["Gen3", 1], ["Gen4", 2], ["Gen5", 4]] as const;
const NEXT_SIZES = [64, 128, 256, 512, 1024, 1518];
/** Ports of the next cards, in Gb/s. */
const NEXT_GBPS = 100;

/** Gen4 and Gen5 switches under ports of 100 Gb/s (section 1, figure 2). */
export function generations(host: HostProfile): Question {
  const wr = systemOf("Wr", host);
  const { machine } = wr;
  const faster = (link: number, card: number): System => ({
    ...wr,
    machine: {
      ...machine,
      nicThreads: machine.nicThreads * card,
      fabric: { ...machine.fabric, deviceLinkGbps: machine.fabric.deviceLinkGbps * link },
      dma: {
        ...machine.dma,
        write64Ps: Math.round(machine.dma.write64Ps / card),
        write128Ps: Math.round(machine.dma.write128Ps / card),
        writePer128Ps: Math.round(machine.dma.writePer128Ps / card),
        readPerBytePs: machine.dma.readPerBytePs / card,
      },
      linkGbps: NEXT_GBPS,
    },
  });
  const cards: { name: string; link: number; card: number }[] = [];
  for (const [name, link] of SPEEDS) {
    cards.push({ name: `${name}, card of today`, link, card: 1 });
    if (link > 1) cards.push({ name: `${name}, card ${link} times as fast`, link, card: link });
  }
  const measured = cards.map(({ name, link, card }) => ({
    name,
    shares: NEXT_SIZES.map((size) =>
      shareOfWire(faster(link, card), PATTERNS["4in-4out"], size, NEXT_GBPS)
    ),
  }));
  const values = measured.flatMap(({ name, shares }) =>
    NEXT_SIZES.map((size, i) => ({ name, size, percent: shares[i]! * 100 }))
  );
  const last = (i: number) => `${(measured[i]!.shares.at(-1)! * 100).toFixed(0)} %`;
  return {
    record: {
      id: "generations",
      question: "Gen4 and Gen5 switches, with ports of 100 Gb/s?",
      answer:
        `In 4in-4out with x8 links the card of today reaches ${
          last(0)
        } of 100 Gb/s at 1518 B with Gen3, ${last(1)} ` +
        `with Gen4 and ${
          last(3)
        } with Gen5: its DMA engine is full as soon as its Gen3 link is, so faster links alone ` +
        `change nothing. With engine and threads as many times as fast as the link it reaches ${
          last(2)
        } and ${last(4)}. ` +
        "That they grow with the link is an assumption; the switch is as fast as its links here.",
      head: ["links and card", ...NEXT_SIZES.map((size) => `${size} B`)],
      rows: measured.map(({ name, shares }) => [
        name,
        ...shares.map((share) => `${(share * 100).toFixed(0)} %`),
      ]),
    },
    plot: {
      about: "Share of the wire rate in 4in-4out. The three cards of today lie on one line.",
      spec: {
        width: WIDTH,
        height: HEIGHT,
        data: { values },
        mark: { type: "line", strokeWidth: 2.5, point: { size: 30 } },
        encoding: {
          x: {
            field: "size",
            type: "quantitative",
            title: "frame size in bytes",
            scale: { type: "log", base: 2, nice: false, domain: [58, 1700] },
            axis: { values: NEXT_SIZES, format: "d", labelOverlap: false, labelAngle: -45 },
          },
          y: { field: "percent", type: "quantitative", title: "% of 100 Gb/s wire rate" },
          color: {
            field: "name",
            type: "nominal",
            scale: {
              domain: cards.map(({ name }) => name),
              range: ["#7f8c8d", "#3f8fd2", "#8c6bb1", "#e08214", "#d1495b"],
            },
          },
        },
      },
    },
  };
}

/** Two switches in a cascade: arithmetic, since the model has one switch. */
export function cascade(host: HostProfile): Question {
  const { pcie, nic } = flatten(host);
  // bytes on the link between them for each frame: its TLPs, and eighths of a descriptor and a completion write
  const onLink = (size: number): number => {
    const bytes = size - 4;
    const eight = nic.descriptorBatch;
    const frame = bytes + Math.ceil(bytes / pcie.mpsBytes) * pcie.writeOverheadBytes;
    return frame + nic.peerDescriptorBytes + pcie.writeOverheadBytes / eight;
  };
  // completions of frames that come the other way
  const back = nic.completionBytes + pcie.writeOverheadBytes / nic.descriptorBatch;
  const sizes = [64, 128, 512, 1518];
  const flows = (size: number) => {
    const mpps = Math.min(wireMpps(size), nic.threads / (nic.residenceNs / 1000));
    return (pcie.upstreamGbps * 1000) / ((onLink(size) + back) * 8) / mpps;
  };
  return {
    record: {
      id: "cascade",
      question: "A cascade of two switches?",
      answer:
        `Arithmetic, not a run: the model has one switch. An x16 Gen3 link between two switches ` +
        `(${pcie.upstreamGbps} Gb/s of TLPs each way) carries as many flows across at full rate as the table says; the ` +
        `rest have to stay below one switch. Each further switch adds its ${pcie.switchNs} ns to latency. What the model ` +
        "cannot carry: shares of flows that merge in a cascade (a half, a quarter, a quarter for three), buffers of " +
        "the second switch, and congestion that spreads from one to the other.",
      head: ["frame size", "bytes a frame on the link", "flows across at full rate"],
      rows: sizes.map((size) => [
        `${size} B`,
        (onLink(size) + back).toFixed(0),
        flows(size).toFixed(2),
      ]),
    },
    plot: null,
  };
}
