/** Peer-to-peer forwarding beside a stream between other devices below the same switch (6.3). */
import type { Env, Stack } from "../../core/mod.ts";
import { type HostProfile, PATTERNS } from "../../fixtures/mod.ts";
import { Bench, saturated } from "./lab.ts";
import { type SystemName, systemOf } from "./systems.ts";
import type { Question } from "./what_if.ts";

/** Ports 4 and 5 stand for two other devices of x8: their NICs receive no frame. */
const SOURCE = 4;
const SINK = 5;
const PORTS = 6;
/** A stream writes so many bytes at a time, one for each step of its clock: 51.2 Gb/s. */
const CHUNK_BYTES = 1024;
const STEP_PS = 160_000;

type Target = "none" | "device" | "host";

const TARGETS: readonly (readonly [Target, string])[] = [
  ["none", "no stream"],
  ["device", "51 Gb/s from device to device (NVMe to GPU)"],
  ["host", "51 Gb/s from a device to host memory"],
];

/** The stack, and a stream from the source's DMA engine. */
function beside(inner: Stack, target: Target, clockOf: () => Bench["clock"]): Stack {
  let tick = -1;
  const stack = (env: Env) => {
    const dataplane = inner(env);
    if (target === "none") return dataplane;
    const clock = clockOf();
    const { nics } = env.hardware;
    const to = target === "host" ? 0 : nics[SINK]!.node;
    if (tick < 0) {
      const landed = clock.register(() => {});
      tick = clock.registerTimer(() => {
        // not more ahead of the engine than a device would be
        const { dma } = nics[SOURCE]!;
        if (dma.writesPending < 8) dma.write(to, CHUNK_BYTES, landed, 0);
        clock.at(clock.now + STEP_PS, tick, 0);
      });
    }
    clock.at(0, tick, 0);
    return dataplane;
  };
  return Object.assign(stack, inner.policy === undefined ? {} : { policy: inner.policy });
}

function rate(host: HostProfile, name: SystemName, size: number, target: Target): number {
  const system = systemOf(name, host);
  const inner = system.stack();
  const bench: Bench = new Bench(
    {
      ...system,
      ports: PORTS,
      peerSlots: 64,
      stack: () => beside(inner, target, () => bench.clock),
    },
    "tlp",
  );
  return saturated(bench, PATTERNS["4in-4out"], size).mpps;
}

/** What a stream of other devices takes from each architecture. */
export function besideStreams(host: HostProfile): Question {
  const cases: readonly (readonly [SystemName, number])[] = [
    ["Wr", 128],
    ["Wr", 1518],
    ["L3FWD", 128],
    ["L3FWD", 1518],
  ];
  const measured = TARGETS.map(([target, text]) => ({
    text,
    rates: cases.map(([name, size]) => rate(host, name, size, target)),
  }));
  const names = cases.map(([name, size]) => `${name}, ${size} B`);
  const least = (i: number) => {
    const shares = measured.slice(1).map(({ rates }) => rates[i]! / measured[0]!.rates[i]!);
    return `${(Math.min(...shares) * 100).toFixed(0)} %`;
  };
  const values = measured.flatMap(({ text, rates }) =>
    rates.map((mpps, i) => ({
      stream: text,
      system: names[i]!,
      percent: (100 * mpps) / measured[0]!.rates[i]!,
    }))
  );
  return {
    record: {
      id: "beside",
      question: "P2P traffic beside a GPU or NVMe stream on the same switch?",
      answer:
        `Wr keeps at least ${least(0)} of its rate at 128 B and ${least(1)} at 1518 B, L3FWD ${
          least(2)
        } and ${least(3)}, each ` +
        "in 4in-4out. Streams and NICs of Wr share no link, only the switch; L3FWD shares the upstream link with what " +
        "goes to host memory. The model's switch has per-class reserves and a shared pool but no limit of bandwidth of " +
        "its own, and host memory none either: both make the answer a best case. Single TLPs with credits.",
      head: ["stream", ...names.map((name) => `${name}: Mpps`)],
      rows: measured.map(({ text, rates }) => [text, ...rates.map((mpps) => mpps.toFixed(2))]),
    },
    plot: {
      about: "Throughput beside each stream, as a share of that without one.",
      spec: {
        width: 440,
        height: 200,
        data: { values },
        mark: { type: "bar" },
        encoding: {
          x: {
            field: "system",
            type: "nominal",
            title: null,
            sort: names,
            axis: { labelAngle: 0 },
          },
          xOffset: { field: "stream", sort: TARGETS.map(([, text]) => text) },
          y: { field: "percent", type: "quantitative", title: "% of the rate without a stream" },
          color: {
            field: "stream",
            type: "nominal",
            scale: {
              domain: TARGETS.map(([, text]) => text),
              range: ["#7f8c8d", "#2aa876", "#e08214"],
            },
            legend: { columns: 1 },
          },
        },
      },
    },
  };
}
