/** Draws scenarios of the link-level PCIe model: small buffers, all topologies, faults and choices. */
import fc from "fast-check";
import type { Deviation } from "../../core/time/choices.ts";
import {
  type Generation,
  PCIE_DEFAULTS,
  type PcieBuffers,
  type PcieLatency,
  type PcieLink,
  type PcieNode,
  type PcieOptions,
} from "../../core/pcie/link/options.ts";
import type { PcieOperation, PcieScenario } from "./scenario.ts";
import type { Arbitrary } from "../arbitraries/arbitrary.ts";

/** Shapes by the kinds and parents of nodes 1 and on: `s0` is a switch below node 0. */
const SHAPES = [
  ["e0"],
  ["e0", "e0"],
  ["s0", "e1", "e1"],
  ["s0", "e1", "e1", "e1"],
  ["s0", "e1", "s1", "e3", "e3"],
  ["s0", "e1", "s0", "e3", "e0"],
] as const;

const link: fc.Arbitrary<PcieLink> = fc.record({
  generation: fc.constantFrom<Generation>(1, 2, 3, 3, 4, 5, 6),
  lanes: fc.constantFrom(1, 4, 8, 16),
  propagationPs: fc.constantFrom(0, 1000, 50_000),
});

/** How many payloads and headers the receivers hold, and whether endpoints take all completions. */
const depth = fc.record({
  deep: fc.constantFrom(1, 1, 2, 4, 64),
  infinite: fc.boolean(),
});

function nodesOf(
  shape: readonly string[],
  links: readonly PcieLink[],
  { deep, infinite }: { deep: number; infinite: boolean },
  scale: number,
  mps: number,
): PcieNode[] {
  // a scaled field hides up to one unit
  const hidden = scale > 1 ? scale : 0;
  const up = (n: number) => Math.min(Math.ceil(n / scale), 127) * scale;
  const finite: PcieBuffers = [
    [up(deep), up(deep * mps / 16 + hidden)],
    [up(deep), up(deep)],
    [up(deep), up(deep * mps / 16 + hidden)],
  ];
  const end: PcieBuffers = infinite ? [finite[0], finite[1], [0, 0]] : finite;
  const below = shape.map((text, i): PcieNode => {
    const kind = text.startsWith("s") ? "switch" : "endpoint";
    return {
      kind,
      parent: Number(text[1]),
      link: links[i % links.length]!,
      buffers: kind === "switch" ? finite : end,
    };
  });
  return [{ kind: "root", parent: -1, link: links[0]!, buffers: end }, ...below];
}

/** A memory in which neighbouring lines take more or less time. */
const uneven: PcieLatency = (_node, address) => 50_000 + 600_000 * (Math.floor(address / 64) % 3);

const shaped = fc.record({
  shape: fc.constantFrom<readonly string[]>(...SHAPES),
  links: fc.array(link, { minLength: 1, maxLength: 5 }),
  depth,
  mps: fc.constantFrom(128, 256, 512),
  mrrs: fc.constantFrom(128, 512, 1024),
  rcb: fc.constantFrom<64 | 128>(64, 128),
  split: fc.constantFrom<"mps" | "rcb">("mps", "rcb"),
  creditScale: fc.constantFrom<1 | 4 | 16>(1, 1, 4, 16),
  tagBits: fc.constantFrom<5 | 8>(5, 8),
  reads: fc.constantFrom(1, 2, 64),
  // how many of the largest requests the completion buffer has room for
  room: fc.constantFrom(1, 2, 64),
  ecrc: fc.boolean(),
  addressBits: fc.constantFrom<32 | 64>(32, 64),
  replayTlps: fc.constantFrom(1, 4, 256),
  postedQueue: fc.constantFrom<"voq" | "shared">("voq", "voq", "shared"),
  acsRedirect: fc.boolean(),
  rootPeerToPeer: fc.constantFrom(true, true, true, false),
  pooled: fc.boolean(),
  latency: fc.constantFrom(PCIE_DEFAULTS.latency, uneven),
});

function optionsOf(
  { shape, links, depth, pooled, room, ...own }: typeof shaped extends fc.Arbitrary<infer T> ? T
    : never,
): Partial<PcieOptions> {
  const { mps, mrrs, creditScale } = own;
  return {
    ...own,
    completionBufferBytes: room * mrrs,
    nodes: nodesOf(shape, links, depth, creditScale, mps),
    pool: pooled ? { headers: 8, data: 128, threshold: [2, 32] } : PCIE_DEFAULTS.pool,
    completionTimeoutPs: 10_000_000_000,
  };
}

function operations(nodes: readonly PcieNode[]): fc.Arbitrary<PcieOperation[]> {
  const ends = nodes.flatMap(({ kind }, node) => kind === "switch" ? [] : [node]);
  const end = fc.constantFrom(...ends);
  const one = fc.record({
    kind: fc.constantFrom<"write" | "read">("write", "read"),
    src: end,
    dst: end,
    offset: fc.oneof(fc.constantFrom(0, 0xffe, 4064), fc.integer({ min: 0, max: 9000 })),
    bytes: fc.oneof(fc.constantFrom(1, 4, 64, 128), fc.integer({ min: 1, max: 1500 })),
    at: fc.constantFrom(0, 0, 100_000, 700_001),
    relaxed: fc.constantFrom(false, false, false, true),
    idBased: fc.constantFrom(false, false, false, true),
  }).filter(({ src, dst }) => src !== dst);
  const several = fc.array(one, { minLength: 1, maxLength: 24 });
  // one in six is a single flow
  return fc.tuple(several, fc.nat(5)).map(([list, n]) => {
    const { kind, src, dst } = list[0]!;
    return n === 5 ? list.map((operation) => ({ ...operation, kind, src, dst })) : list;
  });
}

function deviations(nodes: readonly PcieNode[]): fc.Arbitrary<Deviation[]> {
  const names = pcieDirections(nodes);
  const fault = fc.record({
    site: fc.constantFrom(...names.flatMap((name) => [`tlp error ${name}`, `dllp error ${name}`])),
    occurrence: fc.nat(30),
    value: fc.constant(1),
  });
  const choice = fc.record({
    site: fc.constantFrom("split host", "split nic0", "split nic1", "pcie arbitration"),
    occurrence: fc.nat(20),
    value: fc.nat(5),
  });
  return fc.array(fc.oneof(fault, choice), { maxLength: 12 });
}

/** Names of the directions of a topology, as sites of faults name them: `tlp error nic0>switch`. */
export function pcieDirections(nodes: readonly PcieNode[]): string[] {
  const switches = nodes.filter(({ kind }) => kind === "switch").length;
  let s = 0;
  let e = 0;
  const names = nodes.map(({ kind }) =>
    kind === "root"
      ? "host"
      : kind === "endpoint"
      ? `nic${e++}`
      : switches === 1
      ? "switch"
      : `switch${s++}`
  );
  return nodes.flatMap(({ parent }, node) =>
    parent < 0 ? [] : [`${names[node]}>${names[parent]}`, `${names[parent]}>${names[node]}`]
  );
}

/**
 * Scenarios of any topology: up to six nodes, links of all generations, buffers from one TLP on, up to 24
 * operations, up to twelve faults and choices, and in one of five the removal of an endpoint.
 *
 * @example
 * ```ts
 * import { arbitraryPcieScenario, judgePcie, runPcie } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 * import fc from "fast-check";
 *
 * const [scenario] = fc.sample(arbitraryPcieScenario(), { numRuns: 1, seed: 1 });
 * const verdicts = judgePcie(runPcie(scenario!)).map(({ verdict }) => verdict.kind);
 * assertEquals(verdicts.includes("broken"), false);
 * ```
 */
export function arbitraryPcieScenario(): Arbitrary<PcieScenario> {
  return shaped.chain((drawn) => {
    const options = optionsOf(drawn);
    const nodes = options.nodes!;
    const ends = nodes.flatMap(({ kind }, node) => kind === "endpoint" ? [node] : []);
    return fc.record({
      options: fc.constant(options),
      operations: operations(nodes),
      deviations: fc.oneof(fc.constant<Deviation[]>([]), deviations(nodes)),
    }).chain((scenario) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.constant<PcieScenario>(scenario) },
        {
          weight: 1,
          arbitrary: fc.record({
            node: fc.constantFrom(...ends),
            at: fc.integer({ min: 0, max: 3_000_000 }),
          }).map((remove): PcieScenario => ({ ...scenario, remove })),
        },
      )
    );
  });
}
