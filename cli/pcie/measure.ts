/** From the options of `planecheck pcie` to its result. */
import {
  benchPcie,
  type LinkBytes,
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
const ROOM_BYTES = 2 ** 30;

/** Measures every size. */
export function measurePcie(options: PcieCommandOptions, progress: Progress): PcieReport {
  const { to, switches, generation, lanes, betweenLanes, mps, mrrs, rcb, split } = options;
  const { offset, engine, switchNs, acs: acsRedirect } = options;
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
      ...{ nodes, mps, mrrs, rcb, split, acsRedirect, switchPs: picoseconds(switchNs) },
      ...{ reads: inFlight, tagBits: inFlight > 256 ? 10 : 8 } as const,
      // room for what so many reads ask for
      completionBufferBytes: ROOM_BYTES,
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
    return { ...said, inFlight, readNs, writeNs, sizes, basis: basisOf(options) };
  } finally {
    progress.stop();
  }
}

function basisOf({ to, engine, readNs }: PcieCommandOptions): string[] {
  const source = "Neugebauer et al., SIGCOMM 2018";
  const memory = readNs !== null
    ? []
    : to === "host"
    ? [`The host's time for a read is calibrated: LAT_RD of 64 bytes, ${source}.`]
    : ["A device's time for a read is assumed."];
  const started = engine === "none" ? [] : [
    `The engine's start of a read is calibrated on the same, its other times are published there.`,
  ];
  return [
    `Names of the tests and the formula: ${source}.`,
    "All figures are the model's: predicted, not measured.",
    ...memory,
    ...started,
    "Times of writes and switches are assumed where they are not given.",
  ];
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

/** What each link on the way lets through, and of these the least. */
function formulaOf(options: PcieCommandOptions, bytes: number): PcieSizeRecord["formula"] {
  const { generation, switches, to, acs, lanes, betweenLanes } = options;
  if (generation === 6) return null;
  const device = ratesOf(options, generation, lanes, bytes, false);
  // without a switch, or below one, no link but those of devices is on the way
  if (switches === 0 || (to === "peer" && switches === 1 && !acs)) return device;
  const between = ratesOf(options, generation, betweenLanes, bytes, to === "peer" && acs);
  return {
    writeGbps: Math.min(device.writeGbps, between.writeGbps),
    readGbps: Math.min(device.readGbps, between.readGbps),
    bothGbps: Math.min(device.bothGbps, between.bothGbps),
  };
}

/** Rates of one link; where everything is redirected, each TLP goes by it up and down. */
function ratesOf(
  { mps, mrrs, rcb, split }: PcieCommandOptions,
  generation: PcieGeneration,
  lanes: number,
  bytes: number,
  isRedirected: boolean,
): NonNullable<PcieSizeRecord["formula"]> {
  const completionBytes = split === "mps" ? mps : Math.min(rcb, mps);
  const link: PcieSetup = { generation, lanes, mps, mrrs, addressBits: 64, completionBytes };
  const [write, read] = [writeBytes(link, bytes), readBytes(link, bytes)].map(({ up, down }) =>
    isRedirected ? { up: up + down, down: up + down } : { up, down }
  ) as [LinkBytes, LinkBytes];
  return {
    writeGbps: payloadGbps(link, bytes, write),
    readGbps: payloadGbps(link, bytes, read),
    bothGbps: payloadGbps(link, bytes, write, read),
  };
}
