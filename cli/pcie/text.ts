/** The result of `planecheck pcie` for a terminal. */
import Table from "cli-table3";
import { wrapped } from "../commands/run.ts";
import { counted, figure, integer } from "../report/format.ts";
import type { PcieReport } from "./types.ts";

/** The whole result. */
export function pcieText(report: PcieReport): string {
  const indent = " ".repeat(10);
  const table = new Table({
    head: [
      "bytes",
      "BW_WR",
      "formula",
      "BW_RD",
      "formula",
      "BW_RDWR",
      "formula",
      "LAT_RD",
      "LAT_WRRD",
    ],
    colAligns: Array(9).fill("right"),
    style: { head: [], border: [], compact: true },
  });
  for (
    const { bytes, writeGbps, readGbps, bothGbps, readNs, writeReadNs, formula } of report.sizes
  ) {
    table.push([
      integer(bytes),
      ...[writeGbps, formula?.writeGbps ?? null, readGbps, formula?.readGbps ?? null].map(figure),
      ...[bothGbps, formula?.bothGbps ?? null, readNs, writeReadNs].map(figure),
    ]);
  }
  return wrapped(`Way:      ${way(report)}`, indent) +
    wrapped(`Requests: ${requests(report)}`, indent) +
    wrapped(`Times:    ${times(report)}`, indent) +
    `${table.toString()}\n` +
    wrapped(
      "BW_WR, BW_RD: writes, reads alone; BW_RDWR: in turn, each way; Gb/s of payload. LAT_RD: a read alone; " +
        "LAT_WRRD: a write and a read of the same bytes behind it; ns, medians. Formula: what the narrowest link on " +
        "the way lets through with an Ack and an UpdateFC in every interval of the specification; links that join " +
        "them do better.",
    ) + report.basis.map((line) => wrapped(line)).join("");
}

function way({ to, switches, acs, generation, lanes, betweenLanes }: PcieReport): string {
  const end = to === "host" ? "the memory of the host" : "the memory of another such device";
  const through = switches === 0
    ? to === "host" ? "without a switch" : "through the root complex"
    : `through ${counted(switches, "switch", "switches")}${
      acs && to === "peer" ? ", redirected to the root complex" : ""
    }`;
  const others = switches === 0 ? "" : `; links above devices Gen${generation} x${betweenLanes}`;
  return `a device at Gen${generation} x${lanes}, ${end}, ${through}${others}`;
}

function requests({ mps, mrrs, rcb, split, offset, engine, inFlight }: PcieReport): string {
  const completions = split === "mps"
    ? `completions that end at multiples of ${rcb}`
    : `a completion for each ${rcb} bytes`;
  const at = offset === 0 ? "at" : `${counted(offset, "byte")} behind`;
  const begun = engine === "none"
    ? "in no time"
    : `by the DMA engine of an ${engine.toUpperCase()}`;
  return `payloads of ${mps} bytes at most, reads of ${mrrs}, ${completions}, 64-bit addresses; ` +
    `transfers ${at} multiples of 64, begun ${begun}, ${counted(inFlight, "read")} at a time`;
}

function times({ readNs, writeNs, switchNs }: PcieReport): string {
  return `the memory answers a read after ${readNs} ns and shows a write after ${writeNs} ns; a switch or root port ` +
    `sends on after ${switchNs} ns`;
}
