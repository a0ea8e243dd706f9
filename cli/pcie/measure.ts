/** From the options of `planecheck pcie` to its result. */
import {
  benchPcie,
  payloadGbps,
  PCIE_DEFAULTS,
  PCIE_NO_ENGINE,
  type PcieEngine,
  type PcieGeneration,
  type PcieLink,
  pciePath,
  type PcieSetup,
  readBytes,
  writeBytes,
} from "../../core/mod.ts";
import { paperHost } from "../../fixtures/mod.ts";
import type { Progress } from "../io.ts";
import type { PcieCommandOptions } from "./options.ts";
import type { PcieReport, PcieSizeRecord } from "./types.ts";

/** What a device takes for a read of its memory where nothing is said, in ns: assumed, as in the link model. */
const DEVICE_READ_NS = 250;
const PROPAGATION_PS = 1000;

/** Measures every size. */
export function measurePcie(options: PcieCommandOptions, progress: Progress): PcieReport {
  const { to, switches, generation, lanes, betweenLanes, mps, mrrs, rcb, split } = options;
  const { offset, engine, switchNs } = options;
  const { memory } = paperHost;
  const usual = to === "host" ? memory.rootReadNs.value : DEVICE_READ_NS;
  const readNs = options.readNs ?? usual;
  const writeNs = options.writeNs ?? memory.writeVisibleNs.value;
  const link = (n: number): PcieLink => ({ generation, lanes: n, propagationPs: PROPAGATION_PS });
  const { nodes, src, dst } = pciePath(to, switches, link(lanes), link(betweenLanes));
  const begins = engine === "none" ? PCIE_NO_ENGINE : nfpEngine();
  const inFlight = options.inFlight ?? Math.min(begins.reads, PCIE_DEFAULTS.reads);
  const setup = {
    options: {
      ...{ nodes, mps, mrrs, rcb, split, switchPs: picoseconds(switchNs) },
      ...{ reads: inFlight, tagBits: inFlight > 256 ? 10 : 8 } as const,
      latency: (_node: number, _address: number, _bytes: number, kind: "read" | "write") =>
        picoseconds(kind === "read" ? readNs : writeNs),
    },
    engine: { ...begins, reads: inFlight },
    ...{ src, dst, offset },
  };
  progress.start(options.sizes.length);
  try {
    const sizes = options.sizes.map((bytes): PcieSizeRecord => {
      progress.step(`${bytes} bytes`);
      const row = benchPcie(setup, bytes);
      const { writeGbps, readGbps, bothGbps } = row;
      return {
        ...{ bytes, writeGbps, readGbps, bothGbps },
        ...{ readNs: row.readPs / 1000, writeReadNs: row.writeReadPs / 1000 },
        formula: formulaOf(options, bytes),
      };
    });
    const { json: _, sizes: __, ...said } = options;
    return { ...said, inFlight, readNs, writeNs, sizes };
  } finally {
    progress.stop();
  }
}

function picoseconds(ns: number): number {
  return Math.round(ns * 1000);
}

/** The engine of the card that pcie-bench was published with, from the profile's figures. */
function nfpEngine(): PcieEngine {
  const { dma } = paperHost;
  return {
    writePs: (bytes) => {
      if (bytes <= 64) return dma.write64Ns.value * 1000;
      const further = Math.ceil((bytes - 128) / 128);
      return (dma.write128Ns.value + Math.max(0, further) * dma.writePer128Ns.value) * 1000;
    },
    readStartPs: picoseconds(dma.readStartNs.value),
    readBytePs: dma.readPerByteNs.value * 1000,
    reads: dma.readsInFlight.value,
  };
}

function formulaOf(options: PcieCommandOptions, bytes: number): PcieSizeRecord["formula"] {
  const { generation, mps, mrrs, rcb, split, switches, to } = options;
  if (generation === 6) return null;
  // without a switch no link but those of devices is on the way
  const lanes = switches === 0 || (to === "peer" && switches === 1)
    ? options.lanes
    : Math.min(options.lanes, options.betweenLanes);
  const setup: PcieSetup = {
    generation: generation as PcieGeneration,
    ...{
      lanes,
      mps,
      mrrs,
      addressBits: 64,
      completionBytes: split === "mps" ? mps : Math.min(rcb, mps),
    },
  };
  const [write, read] = [writeBytes(setup, bytes), readBytes(setup, bytes)];
  return {
    writeGbps: payloadGbps(setup, bytes, write),
    readGbps: payloadGbps(setup, bytes, read),
    bothGbps: payloadGbps(setup, bytes, write, read),
  };
}
