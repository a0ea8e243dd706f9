/** How the terminal table and the page write figures: the same figure reads the same in both. */
import type { StackResult } from "./result.ts";
import type { RoutesRecord, TrafficRecord } from "./types.ts";

/** What stands where there is no figure. */
export const NO_FIGURE = "-";

/** 12,345. */
export function integer(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 1 route, 12,345 routes. */
export function counted(value: number, one: string, several: string = `${one}s`): string {
  return `${integer(value)} ${value === 1 ? one : several}`;
}

/** A number with three significant digits where it is small, whole where it is large. */
export function figure(value: number | null): string {
  if (value === null) return NO_FIGURE;
  if (value === 0) return "0";
  if (value >= 100) return integer(value);
  return value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}

/** Nanoseconds as microseconds. */
export function microseconds(ns: number): string {
  return figure(ns / 1000);
}

/** 0.123 as "12.3%". */
export function percent(share: number): string {
  return `${figure(share * 100)}%`;
}

/** Numbers of laws by verdict, the stack's own invariants included. */
export function tally(stack: StackResult): { kept: number; broken: number; notJudged: number } {
  const all = [...stack.laws, ...stack.invariants];
  const of = (verdict: string) => all.filter((law) => law.verdict === verdict).length;
  return { kept: of("kept"), broken: of("broken"), notJudged: of("not-judged") };
}

/** Every way a packet can fail to be forwarded, with numbers above 0. */
export function losses(stack: StackResult): { name: string; packets: number }[] {
  const all = stack.dropped.map(({ reason, packets }) => ({ name: reason, packets }));
  all.push({ name: "freed without a fate", packets: stack.freed });
  all.push({ name: "still waiting", packets: stack.waiting });
  return all.filter(({ packets }) => packets > 0);
}

/** The routes in one sentence without its end. */
export function routesText(r: RoutesRecord): string {
  const notes = [
    r.skippedIpv6 > 0 ? `${counted(r.skippedIpv6, "IPv6 line")} left out` : "",
    r.masked > 0 ? `${counted(r.masked, "prefix", "prefixes")} masked` : "",
    r.duplicates > 0
      ? `${counted(r.duplicates, "prefix", "prefixes")} repeated, the last one counts`
      : "",
  ].filter((note) => note !== "");
  const more = notes.length > 0 ? `; ${notes.join(", ")}` : "";
  return `${r.name}: ${counted(r.count, "route")}, ${counted(r.nextHops, "next hop")}${more}`;
}

/** The traffic in one sentence without its end. */
export function trafficText(t: TrafficRecord): string {
  const pattern = t.pattern === null ? "" : `, ${t.pattern}`;
  const ports = t.inputPorts.length === 1 ? "port" : "ports";
  const parts = [
    `${t.name}: ${counted(t.packets, "packet")}${pattern}, ` +
    `${t.rateGbps} Gb/s into ${ports} ${t.inputPorts.join(", ")}`,
  ];
  if (t.seed !== null) parts.push(`seed ${t.seed}`);
  return [...parts, ...faultNotes(t), ...captureNotes(t)].join("; ");
}

function faultNotes({ faults }: TrafficRecord): string[] {
  if (faults === null) return [];
  const found = [
    [faults.ttl1, "with TTL 1"],
    [faults.noRoute, "without a route"],
    [faults.badChecksum, "with a bad checksum"],
    [faults.runt, faults.runt === 1 ? "runt" : "runts"],
  ].filter(([n]) => n !== 0).map(([n, what]) => `${integer(Number(n))} ${what}`);
  return found.length > 0 ? [`to be dropped: ${found.join(", ")}`] : [];
}

function captureNotes({ capture }: TrafficRecord): string[] {
  if (capture === null) return [];
  return [
    [capture.padded, "padded to 60 bytes"],
    [capture.truncated, "captured in part"],
    [capture.oversize, "left out as too long"],
    [capture.otherLink, "left out, not Ethernet"],
    [capture.beyondCount, "beyond the count"],
  ].filter(([n]) => n !== 0).map(([n, what]) => `${integer(Number(n))} ${what}`);
}

/** Where a capture was cut. */
export function cutText(cut: { offset: number; reason: string }): string {
  return `cut at offset 0x${cut.offset.toString(16)} (${cut.reason}), used up to there`;
}
