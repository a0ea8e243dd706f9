/**
 * Counterexamples as JSON: the concrete scenario, frames in hexadecimal with their times. Neither a
 * seed nor a draw, so that a file still says the same when the arbitraries have changed.
 */
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { SpecialHop } from "../../core/machine/scenario.ts";
import { ipv4ToString, parseIpv4 } from "../../core/packet/ipv4_text.ts";
import { LAW_SET_VERSION } from "../laws/mod.ts";
import type { Counterexample } from "./counterexample.ts";
import { encodeToken } from "../replay/token.ts";
import { type Field, parseJson } from "./_reader.ts";

/**
 * What the format is called in a file, and its number, which changes when old readers would misread
 * it.
 */
const FORMAT = "planecheck counterexample";
const FORMAT_NUMBER = 1;

/** Bounds of what is read: beyond them a file is refused instead of exhausting memory. */
const PACKETS_MAX = 1 << 20;
const ROUTES_MAX = 1 << 21;
const HOPS_MAX = 1 << 16;
const DEVIATIONS_MAX = 1 << 16;
const FRAME_MAX = 65535;
/** Of a device's name, a program's command say; the rest is left out. */
const NAME_MAX = 200;
const TIME_MAX = Number.MAX_SAFE_INTEGER;

const SIZES: { readonly [name in Exclude<keyof Geometry, "fidelity">]: readonly [number, number] } =
  {
    ports: [1, 255],
    lcores: [1, 255],
    rxRing: [1, 65536],
    txRing: [1, 65536],
    ingress: [1, 65536],
    spareBuffers: [0, 1 << 20],
    poolCache: [0, 512],
    peerSlots: [1, 65536],
    headerCredits: [1, 65536],
    dataCredits: [1, 1 << 20],
    mps: [128, 4096],
  };

/** What a file holds. */
export interface StoredCounterexample {
  /** Name of the device that it was found on. */
  readonly device: string;
  /** Id of the law that it breaks. */
  readonly law: string;
  /** Version of the laws at that time. */
  readonly lawSetVersion: string;
  /** What was wrong. */
  readonly sentence: string;
  /** What the device was given. */
  readonly scenario: Scenario;
}

/** The text of a counterexample's file. The same counterexample gives the same text. */
export function writeCounterexample(counterexample: Counterexample): string {
  const { device, law, sentence, scenario } = counterexample;
  const members = [
    ["format", JSON.stringify(FORMAT)],
    ["number", `${FORMAT_NUMBER}`],
    ["device", JSON.stringify(device.slice(0, NAME_MAX))],
    ["law", JSON.stringify(law.id)],
    ["lawSetVersion", JSON.stringify(String(LAW_SET_VERSION))],
    ["sentence", JSON.stringify(sentence)],
    ...membersOf(scenario).map(([name, value]) => [name, written(value)]),
  ];
  return `{\n${members.map(([name, text]) => `  "${name}": ${text}`).join(",\n")}\n}\n`;
}

/** A scenario as compact JSON, as `scenarioOf` reads it. */
export function scenarioJson(scenario: Scenario): string {
  return JSON.stringify(Object.fromEntries(membersOf(scenario)));
}

/** Packets and routes of scenarios that are still pasted: some thousands of characters. */
const TOKEN_PACKETS_MAX = 64;
const TOKEN_ROUTES_MAX = 256;

/** The token of a counterexample; null when it would be too long to be pasted, as before shrinking. */
export function tokenOf(
  { device, law, scenario }: Pick<Counterexample, "device" | "scenario"> & {
    readonly law: Pick<Counterexample["law"], "id">;
  },
): string | null {
  const { routes, traffic } = scenario;
  if (traffic.count > TOKEN_PACKETS_MAX || routes.count > TOKEN_ROUTES_MAX) return null;
  return encodeToken("forwarder", device, law.id, scenarioJson(scenario));
}

function membersOf(scenario: Scenario): [name: string, value: unknown][] {
  const { geometry, routes, neighbours, traffic, deviations } = scenario;
  return [
    ["geometry", geometry],
    ["portMacs", list(geometry.ports, (port) => hex(neighbours.portMac, port * 6, 6))],
    [
      "nextHops",
      list(neighbours.count, (i) => {
        const special = neighbours.special?.get(i);
        if (special !== undefined) return { is: special };
        return { port: neighbours.port[i]!, mac: hex(neighbours.mac, i * 6, 6) };
      }),
    ],
    [
      "routes",
      list(routes.count, (i) => ({
        prefix: `${ipv4ToString(routes.prefix[i]!)}/${routes.depth[i]}`,
        nextHop: routes.nextHop[i]!,
      })),
    ],
    [
      "packets",
      list(traffic.count, (i) => ({
        port: traffic.port[i]!,
        atPs: traffic.at[i]!,
        frame: hex(traffic.bytes, traffic.offset[i]!, traffic.length[i]!),
        ...(traffic.badFcs?.[i] === 1 ? { fcs: "wrong" } : {}),
      })),
    ],
    ["deviations", deviations],
  ];
}

function list(count: number, element: (i: number) => unknown): unknown[] {
  return Array.from({ length: count }, (_, i) => element(i));
}

/** JSON with one element of an array in a line. */
function written(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value);
  return `[\n${value.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`;
}

function hex(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  for (let i = at; i < at + length; i++) text += bytes[i]!.toString(16).padStart(2, "0");
  return text;
}

/**
 * Reads what `writeCounterexample` wrote, or what a person wrote in its form. `file` names it in
 * errors.
 *
 * @throws {InputError} when the text is not that; the message says in which member, and what was
 * expected there
 */
export function readCounterexample(text: string, file = "counterexample"): StoredCounterexample {
  const top = parseJson(file, text);
  top.get("format").word([FORMAT]);
  top.get("number").integer(FORMAT_NUMBER, FORMAT_NUMBER);
  return {
    device: top.get("device").text(NAME_MAX),
    law: top.get("law").text(40),
    lawSetVersion: top.get("lawSetVersion").text(40),
    sentence: top.get("sentence").text(10_000),
    scenario: scenarioOf(top),
  };
}

/**
 * The scenario of a counterexample's file, ready to be run: see `readCounterexample`.
 *
 * @throws {InputError} when the text is not that
 * @example
 * ```ts
 * import { readScenario } from "@planecheck/planecheck/properties";
 * import { assertThrows } from "@std/assert";
 *
 * const read = () => readScenario("[]", "mine.json");
 * assertThrows(read, Error, "mine.json: top level: expected an object");
 * ```
 */
export function readScenario(text: string, file = "counterexample"): Scenario {
  return readCounterexample(text, file).scenario;
}

/** The scenario whose members lie in a JSON object. */
export function scenarioOf(top: Field): Scenario {
  const geometry = readGeometry(top.get("geometry"));
  const hops = top.get("nextHops").elements(HOPS_MAX);
  const macs = top.get("portMacs").elements(geometry.ports);
  if (macs.length !== geometry.ports) {
    throw top.get("portMacs").expected(`an array of ${geometry.ports}, one for each port`);
  }
  const special = new Map<number, SpecialHop>();
  hops.forEach((hop, i) => {
    const is = hop.get("is");
    if (is.given) special.set(i, readSpecial(is, i));
  });
  const isSpecial = (i: number) => special.has(i);
  return {
    geometry,
    neighbours: {
      count: hops.length,
      port: Uint8Array.from(
        hops,
        (hop, i) => isSpecial(i) ? 0 : hop.get("port").integer(0, geometry.ports - 1),
      ),
      mac: Uint8Array.from(
        hops.flatMap((hop, i) =>
          isSpecial(i) ? [0, 0, 0, 0, 0, 0] : [...readHex(hop.get("mac"), 6, 6)]
        ),
      ),
      portMac: Uint8Array.from(macs.flatMap((mac) => [...readHex(mac, 6, 6)])),
      ...special.size > 0 ? { special } : {},
    },
    routes: readRoutes(top.get("routes").elements(ROUTES_MAX), hops.length),
    traffic: readTraffic(top.get("packets").elements(PACKETS_MAX), geometry.ports),
    deviations: top.get("deviations").elements(DEVIATIONS_MAX).map((deviation) => ({
      site: deviation.get("site").text(64),
      occurrence: deviation.get("occurrence").integer(0, 2 ** 31 - 1),
      value: deviation.get("value").integer(0, 2 ** 31 - 1),
    })),
  };
}

/** Nowhere, or several of the next hops before it. */
function readSpecial(field: Field, own: number): SpecialHop {
  if (field.isText) return field.word(["blackhole", "unreachable", "prohibit"] as const);
  const hops = field.elements(HOPS_MAX).map((hop) => hop.integer(0, own - 1));
  if (hops.length === 0) throw field.expected("a word, or an array of next hops");
  return hops;
}

function readGeometry(field: Field): Geometry {
  const size = (name: keyof typeof SIZES) => field.get(name).integer(...SIZES[name]);
  const ring = (name: "rxRing" | "txRing") => {
    const count = size(name);
    if ((count & (count - 1)) !== 0) throw field.get(name).expected("a power of two");
    return count;
  };
  return {
    ports: size("ports"),
    lcores: size("lcores"),
    rxRing: ring("rxRing"),
    txRing: ring("txRing"),
    ingress: size("ingress"),
    spareBuffers: size("spareBuffers"),
    poolCache: size("poolCache"),
    peerSlots: size("peerSlots"),
    fidelity: field.get("fidelity").word(["coarse", "tlp", "link"]),
    headerCredits: size("headerCredits"),
    dataCredits: size("dataCredits"),
    mps: size("mps"),
  };
}

function readRoutes(routes: readonly Field[], hops: number): Scenario["routes"] {
  const prefix = new Uint32Array(routes.length);
  const depth = new Uint8Array(routes.length);
  const nextHop = new Uint32Array(routes.length);
  routes.forEach((route, i) => {
    [prefix[i], depth[i]] = readPrefix(route.get("prefix"));
    nextHop[i] = route.get("nextHop").integer(0, hops - 1);
  });
  return { count: routes.length, prefix, depth, nextHop };
}

function readPrefix(field: Field): [number, number] {
  const text = field.text(18);
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const depth = Number(match?.[2] ?? 99);
  let address = -1;
  try {
    address = parseIpv4(match?.[1] ?? "");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const hostBits = depth > 32 ? 1 : address % 2 ** (32 - depth);
  if (address < 0 || hostBits !== 0) {
    throw field.expected("a prefix such as 10.0.0.0/8, its host bits zero");
  }
  return [address, depth];
}

function readTraffic(packets: readonly Field[], ports: number): Scenario["traffic"] {
  const count = packets.length;
  const port = new Uint8Array(count);
  const at = new Float64Array(count);
  const offset = new Uint32Array(count);
  const length = new Uint32Array(count);
  const badFcs = new Uint8Array(count);
  const frames: Uint8Array[] = [];
  let used = 0;
  packets.forEach((packet, i) => {
    const frame = readHex(packet.get("frame"), 1, FRAME_MAX);
    port[i] = packet.get("port").integer(0, ports - 1);
    at[i] = packet.get("atPs").integer(i === 0 ? 0 : at[i - 1]!, TIME_MAX);
    const fcs = packet.get("fcs");
    if (fcs.given) badFcs[i] = fcs.word(["right", "wrong"]) === "wrong" ? 1 : 0;
    offset[i] = used;
    length[i] = frame.length;
    frames.push(frame);
    used += frame.length;
  });
  const bytes = new Uint8Array(used);
  frames.forEach((frame, i) => bytes.set(frame, offset[i]!));
  const traffic = { count, port, at, offset, length, bytes };
  return badFcs.includes(1) ? { ...traffic, badFcs } : traffic;
}

/** Bytes written as pairs of hexadecimal digits. */
function readHex(field: Field, min: number, max: number): Uint8Array {
  const text = field.text(2 * max);
  if (!/^(?:[\da-fA-F]{2})*$/.test(text) || text.length < 2 * min) {
    throw field.expected(`${min === max ? min : `${min}..${max}`} bytes in hexadecimal`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
