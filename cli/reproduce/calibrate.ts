/**
 * Finds the calibrated numbers of the paper's host from the rows with role `calibrate` and nothing else. Each
 * number has its row; the residence at the ingress and the constant delay have two together.
 */
import { type Claim, type HostProfile, paperHost } from "../../fixtures/mod.ts";
import { figureOf, withValues } from "./host.ts";
import { Lab } from "./lab.ts";
import type { Background } from "./traffic.ts";

/** A number that was found, and the rows that it was found from. */
export interface Found {
  /** Name of the figure in the profile. */
  readonly name: string;
  readonly value: number;
  readonly rows: readonly string[];
}

/** What each number is before it has been found, so that no earlier calibration shows through. */
export const BEFORE: Readonly<Record<string, number>> = {
  "nic.residenceNs": 1000,
  "nic.constantNs": 0,
  "nic.threads": 36,
  "nic.lookupNs": 0,
  "hostPath.residenceNs": 300,
  "hostPath.gbps": 40,
  "dpdk.rxPacket": 60,
};

/** Rows that the numbers are found from. */
const ROWS = ["D02", "E01", "E02", "E03", "E06", "F04", "F05"] as const;

/** The values of those rows. A row of another role is an error: it is there to be predicted. */
function targetsOf(claims: readonly Claim[]): Record<typeof ROWS[number], number> {
  const values = ROWS.map((id) => {
    const row = claims.find((claim) => claim.id === id && claim.role === "calibrate");
    if (row === undefined) throw new RangeError(`Cannot calibrate on ${id}: no row of that role`);
    return [id, row.value];
  });
  return Object.fromEntries(values);
}

/**
 * Calibrates the paper's host; some 150 measurements.
 * @throws {RangeError} when a row that a number needs is not there with role `calibrate`
 */
export function calibrate(
  claims: readonly Claim[],
  start: HostProfile = paperHost,
  background: Background = "poisson",
): Found[] {
  const targets = targetsOf(claims);
  const found: Found[] = [];
  let host = withValues(start, BEFORE);
  const set = (values: Record<string, number>, ...ids: string[]): void => {
    host = withValues(host, values);
    for (const [name, value] of Object.entries(values)) found.push({ name, value, rows: ids });
  };
  const lab = (values: Record<string, number>): Lab =>
    new Lab({ host: withValues(host, values), background });

  // E03 and E06: for each residence either row asks for a constant delay; one residence makes them agree
  const constants = (residenceNs: number): [number, number] => {
    const at = lab({ "nic.residenceNs": residenceNs });
    const [b, c] = [at.p90("Wr", 64, 1), at.p90("Wr", 64, 10)];
    const [d, e] = [at.p90("Wr", 1518, 1), at.p90("Wr", 1518, 40)];
    const [e03, e06] = [targets.E03, targets.E06];
    return [(e03 * b - c) / (1 - e03), (e - e06 * d) / (e06 - 1)];
  };
  const residenceNs = rising(200, 2000, (ns) => {
    const [byE03, byE06] = constants(ns);
    return byE03 - byE06;
  });
  const [byE03, byE06] = constants(residenceNs);
  const constantNs = Math.max(0, Math.round((byE03 + byE06) / 2));
  set({ "nic.residenceNs": residenceNs, "nic.constantNs": constantNs }, "E03", "E06");
  // D02: so many threads of that residence
  set({ "nic.threads": Math.max(1, Math.round((targets.D02 * residenceNs) / 1000)) }, "D02");
  const base = lab({}).p90("Wr", 64, 1);
  const lookupNs = rising(
    0,
    residenceNs,
    (ns) => base / lab({ "nic.lookupNs": ns }).p90("Wr-fixed", 64, 1) - targets.E02,
  );
  set({ "nic.lookupNs": lookupNs }, "E02");
  // F05: the rate of each NIC's firmware, to a hundredth of a Gb/s
  const wr = lab({});
  const wr1518 = wr.throughput("Wr", "4in-4out", 1518).mpps;
  const hundredths = rising(1000, 8000, (n) => {
    const l3fwd = lab({ "hostPath.gbps": n / 100 }).throughput("L3FWD", "4in-4out", 1518);
    return targets.F05 - wr1518 / l3fwd.mpps;
  });
  set({ "hostPath.gbps": hundredths / 100 }, "F05");
  // F04: cycles; of the sum's parts the receive side's takes what the others leave
  const wr128 = wr.throughput("Wr", "4in-4out", 128).mpps;
  const rxPacket = rising(0, 400, (cycles) => {
    const l3fwd = lab({ "dpdk.rxPacket": cycles }).throughput("L3FWD", "4in-4out", 128);
    return wr128 / l3fwd.mpps - targets.F04;
  });
  set({ "dpdk.rxPacket": rxPacket }, "F04");
  const hostResidenceNs = rising(
    0,
    3000,
    (ns) => targets.E01 - base / lab({ "hostPath.residenceNs": ns }).p90("L3FWD", 64, 1),
  );
  set({ "hostPath.residenceNs": hostResidenceNs }, "E01");
  return found;
}

/** The integer in a range at which a rising function crosses zero: the nearer of the two around it. */
function rising(low: number, high: number, f: (n: number) => number): number {
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return Math.abs(f(low)) < Math.abs(f(high)) ? low : high;
}

/** What was found as lines of text: the profile's value, the value found, the rows. */
export function calibrationText(found: readonly Found[], host: HostProfile = paperHost): string {
  const lines = found.map(({ name, value, rows }) => {
    const { value: now, unit } = figureOf(host, name);
    const same = now === value ? "as in the profile" : `the profile has ${now}`;
    return `${name.padEnd(22)} ${String(value).padStart(8)} ${unit.padEnd(7)} ${
      rows.join(", ").padEnd(9)
    } ${same}\n`;
  });
  return lines.join("");
}
