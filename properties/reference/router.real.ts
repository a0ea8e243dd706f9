// Aim: on real frames the reference router says what an independent program said of them, and agrees with the
// header code of the core. Run by `deno task test:real`, which names the folder in PLANECHECK_DATA; in it,
// vectors/l3-forward.json has verdicts with output frames, and totals over all captures.
import { assert, assertEquals } from "@std/assert";
import { checkHeader, decrementTtl } from "../../core/packet/ipv4_forward.ts";
import { REASON } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { capturePacket } from "../../fixtures/capture/capture.ts";
import { readCapture } from "../../fixtures/capture/read.ts";
import { InputError } from "../../fixtures/input_error.ts";
import { scenario } from "./_scenario_for_tests.ts";
import { DEFECT } from "./defects.ts";
import { referenceRouter } from "./router.ts";

interface Case {
  readonly capture: string;
  readonly frame: number;
  readonly verdict: string;
  readonly reason: string;
  readonly inHex: string;
  readonly outHex?: string;
}

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");
const read = (path: string) => Deno.readFileSync(`${folder}/${path}`);
const json = (path: string) => JSON.parse(new TextDecoder().decode(read(path)));
const cases: Case[] = json("vectors/l3-forward.json").cases;
const totals: { [verdict: string]: number } =
  json("vectors/l3-forward.json").totalsOverAllEthernetFrames;

/** The verdict's output has these addresses: the router's port 1, and the next hop behind it. */
const OUT_DST = [2, 0, 0, 0, 0, 1], OUT_SRC = [2, 0, 0, 0, 0, 2];

/** A router with one default route, that sends what it forwards as the vectors do. */
function route(frames: Uint8Array[]) {
  const s = scenario({ frames, routes: ["0.0.0.0/0 1"] });
  s.neighbours.mac.set(OUT_DST, 6);
  s.neighbours.portMac.set(OUT_SRC, 6);
  return referenceRouter(s, STRICT);
}

/** Frames without padding as they would come from a wire. */
function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.max(60, bytes.length));
  whole.set(bytes);
  return whole;
}

/** Reasons that the vectors' names stand for. */
function reasonFor(c: Case): number {
  if (c.verdict === "forward" && c.reason !== "ipv6") return 0;
  if (c.reason === "ttl-expired") return DEFECT.ttl;
  if (c.reason === "ipv4-bad-checksum") return DEFECT["bad-checksum"];
  return c.reason.startsWith("ipv4-") ? DEFECT["bad-header"] : DEFECT["not-ip"];
}

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/** Every whole Ethernet frame of every capture that can be read, by capture. */
function* captures(): Generator<[path: string, frames: Uint8Array[]]> {
  for (const { path } of json("manifest.json").pcap as { path: string }[]) {
    try {
      const c = readCapture(path, read(path));
      const whole = [...Array(c.count).keys()].filter((i) =>
        c.interfaces[c.interface[i]!]?.linkType === 1 && c.length[i] === c.originalLength[i]
      );
      yield [path, whole.map((i) => capturePacket(c, i))];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
}

Deno.test("referenceRouter gives the vectors' verdicts and output frames", () => {
  let forwarded = 0;
  for (const c of cases) {
    const bytes = Uint8Array.from(c.inHex.match(/../g)!, (pair) => parseInt(pair, 16));
    const what = `${c.capture} frame ${c.frame}: ${c.verdict} ${c.reason}`;
    const e = route([padded(bytes)]);
    const expected = reasonFor(c);
    assertEquals(e.forward[0], expected === 0 ? 1 : 0, what);
    assertEquals(e.reasons[0]! & expected, expected, what);
    if (expected === 0) {
      assertEquals(hex(e.bytes.subarray(0, bytes.length)), c.outHex, what);
      forwarded++;
    }
    if (bytes.length < 60) assertEquals(route([bytes]).reasons[0], DEFECT.runt, what);
  }
  assert(forwarded > 30, `only ${forwarded} frames were forwarded`);
});

Deno.test("referenceRouter counts over all captures what the vectors count", () => {
  const count = { forward: 0, ttl: 0, drop: 0, notIp: 0 };
  let long = 0;
  for (const [, frames] of captures()) {
    const e = route(frames.map(padded));
    for (let i = 0; i < frames.length; i++) {
      const why = e.reasons[i]!;
      const { length } = frames[i]!;
      // The vectors judge what was captured; padding must not mend a packet that was cut.
      const isCut = length < 34 || frames[i]![16]! * 256 + frames[i]![17]! > length - 14;
      if ((why & DEFECT.oversize) !== 0) long++;
      else if ((why & DEFECT["not-ip"]) !== 0) count.notIp++;
      else if ((why & (DEFECT["bad-checksum"] | DEFECT["bad-header"])) !== 0 || isCut) count.drop++;
      else if ((why & DEFECT.ttl) !== 0) count.ttl++;
      else count.forward++;
    }
  }
  const counted = { forward: 0, ttl: 0, drop: 0, notIp: 0 };
  for (const [name, n] of Object.entries(totals)) {
    if (name.startsWith("forward:ipv4")) counted.forward += n;
    else if (name === "punt:ttl-expired") counted.ttl += n;
    else if (name.startsWith("drop:ipv4")) counted.drop += n;
    else counted.notIp += n;
  }
  // Two files that the vectors' author read have a version that readCapture refuses; each has one IPv6 frame.
  counted.notIp -= 2;
  // The vectors know no longest frame, so that each class may miss some of those, and no others.
  const missing = Object.keys(count).map((k) =>
    counted[k as keyof typeof count] - count[k as keyof typeof count]
  );
  assert(missing.every((n) => n >= 0), JSON.stringify({ count, counted, long }));
  assertEquals(missing.reduce((a, b) => a + b), long, JSON.stringify({ count, counted, long }));
  assertEquals(long, 13);
});

Deno.test("referenceRouter agrees with the core's header code on all captures", () => {
  let compared = 0;
  for (const [path, frames] of captures()) {
    const wire = frames.map(padded);
    const e = route(wire);
    for (let i = 0; i < wire.length; i++) {
      const frame = wire[i]!;
      if ((e.reasons[i]! & (DEFECT.oversize | DEFECT["not-ip"])) !== 0) continue;
      const reason = checkHeader(frame, 14, frame.length - 14, true);
      const header = DEFECT["bad-header"] | DEFECT["bad-checksum"];
      const what = `${path} frame ${i + 1}`;
      assertEquals(reason === REASON.none, (e.reasons[i]! & header) === 0, what);
      if (reason !== REASON.none) assertEquals(e.reasons[i]! >>> reason & 1, 1, what);
      if (e.forward[i] === 0) continue;
      decrementTtl(frame, 14);
      const at = e.offset[i]! + 14;
      assertEquals(hex(e.bytes.subarray(at, at + 46)), hex(frame.subarray(14, 60)), what);
      compared++;
    }
  }
  assert(compared > 10_000, `only ${compared} frames were forwarded`);
});
