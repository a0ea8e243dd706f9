/** What `deno test` says as JUnit XML, and what of it a fault is caught by. */
import { decodeToken } from "../../properties/mod.ts";

/** A test or a step of one that failed. */
export interface Failure {
  /** Its name, those of its parents before it. */
  readonly name: string;
  /** What it said. */
  readonly message: string;
}

/** What caught a fault. */
export interface Finding {
  /** Id of the law, or null for a test that is none. */
  readonly law: string | null;
  /** Name of the test. */
  readonly test: string;
  /** Runs until it was found, the last one counted, or null where runs are not drawn. */
  readonly runs: number | null;
  /** Packets or steps of the smallest counterexample, or null where there is none. */
  readonly size: number | null;
}

const CASE = /<testcase name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;
const FAILURE = /<(?:failure|error) message="([^"]*)"/;
/** A law at the beginning of a step's name; conformance of a stack says how many runs broke it. */
const LAW = /^([A-Z]+-\d+[a-z]?)\b/;
const HARNESS = /^HARN-\d+/m;
const STEPS_MAX = 1 << 20;

/** The failures in a report; a test that only fails because its steps do is left out. */
export function failuresOf(xml: string): Failure[] {
  const failures: Failure[] = [];
  for (const [, name, body] of xml.matchAll(CASE)) {
    const message = FAILURE.exec(body!)?.[1];
    if (message === undefined || /^\d+ test steps? failed$/.test(message)) continue;
    failures.push({ name: plain(name!), message: plain(message) });
  }
  return failures;
}

/** How many tests and steps a report is about. */
export function casesIn(xml: string): number {
  return xml.split("<testcase ").length - 1;
}

/** What a failure tells about how the fault was found. */
export function findingOf({ name, message }: Failure): Finding {
  const step = name.slice(name.lastIndexOf(" > ") + 1).trim().replace(/^> /, "");
  const law = LAW.exec(step)?.[1] ?? HARNESS.exec(message)?.[0] ?? null;
  const runs = /, first on run (\d+)/.exec(step) ?? /\brun (\d+) of \d+, shrunk/.exec(message) ??
    /Property failed after (\d+) tests/.exec(message);
  return { law, test: name, runs: runs === null ? null : Number(runs[1]), size: sizeOf(message) };
}

/** Of what caught a fault the law that needed the fewest runs, then the smallest counterexample. */
export function best(findings: readonly Finding[]): Finding {
  const cost = ({ law, runs, size }: Finding) =>
    (law === null ? 1e12 : 0) + (runs ?? 1e5) * 1e4 + (size ?? 9999);
  return findings.reduce((a, b) => cost(b) < cost(a) ? b : a);
}

/** Packets of a forwarder's scenario, steps of a part's, from the token in a report. */
function sizeOf(message: string): number | null {
  const token = /PLANECHECK_REPLAY=(pc\d+-[\w-]+)/.exec(message)?.[1];
  if (token === undefined) {
    const packets = /^ {2}(\d+) packets?\b/m.exec(message);
    return packets === null ? null : Number(packets[1]);
  }
  try {
    const { kind, scenario } = decodeToken(token);
    const list = scenario.get(kind === "forwarder" ? "packets" : "steps");
    return list.elements(STEPS_MAX).length;
  } catch {
    // a fault in what writes tokens
    return null;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function plain(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16));
  });
}
