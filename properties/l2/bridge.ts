/**
 * A learning bridge, as IEEE 802.1D-2004 has it: what it must do with each frame, what is drawn, and what each law
 * says. The model is a map from address to port; it shares nothing with any bridge.
 */
import * as fc from "fast-check";

/** A frame into a port of a bridge, or out of one. */
export interface BridgeFrame {
  /** The port. */
  readonly port: number;
  /** Ethernet frame without FCS. */
  readonly bytes: Uint8Array;
}

/** A bridge: frames in, frames out. */
export interface BridgeUnderTest {
  /** Name in reports. */
  readonly name: string;
  /** Ports that it has, at least 2. */
  readonly ports: number;
  /**
   * Forgets what it has learnt, then takes frames one after the other; answers all that came out, each port's in
   * order.
   */
  exchange(frames: readonly BridgeFrame[]): readonly BridgeFrame[];
}

/** One law of bridges. */
export interface BridgeLaw {
  /** Short name, e.g. `L2-1`. */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly statement: string;
  /** Clause that says so. */
  readonly clause: string;
}

/** Every law of bridges, in the order in which they are told. */
export const BRIDGE_LAWS: readonly BridgeLaw[] = [
  {
    id: "L2-1",
    statement: "A frame to an address that was a source before leaves by the port where it was " +
      "last, and by no other.",
    clause: "IEEE 802.1D-2004, 7.7.2 and 7.8",
  },
  {
    id: "L2-2",
    statement: "A frame to a group, or to an address that was no source yet, leaves by every " +
      "port but its own, once by each.",
    clause: "IEEE 802.1D-2004, 7.7.1",
  },
  {
    id: "L2-3",
    statement: "No frame goes back out of the port that it came in by; one to an address behind " +
      "that port leaves by none.",
    clause: "IEEE 802.1D-2004, 7.7.1",
  },
  {
    id: "L2-4",
    statement: "What leaves has exactly the bytes that came in.",
    clause: "IEEE 802.1D-2004, 6.3.7",
  },
  {
    id: "L2-5",
    statement: "Frames to 01:80:c2:00:00:01 to 01:80:c2:00:00:0f are never forwarded.",
    clause: "IEEE 802.1D-2004, 7.12.6",
  },
  {
    id: "L2-6",
    statement: "Frames with the same addresses leave a port in the order in which they came in.",
    clause: "IEEE 802.1D-2004, 6.3.3",
  },
];

/** One frame of a draw: addresses are indices into a small pool, so that they meet again. */
export interface BridgeFrameDraw {
  readonly port: number;
  readonly src: number;
  readonly dst: number;
  readonly size: number;
}

const HOSTS = 5;
/** Destinations beside hosts: broadcast, two multicast groups, two reserved addresses. */
const GROUPS: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x01, 0x00, 0x5e, 0x00, 0x00, 0x05],
  [0x33, 0x33, 0x00, 0x00, 0x00, 0x01],
  [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02],
  [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e],
];
const FIRST_RESERVED = 3;
const SIZES = [60, 60, 64, 128, 594, 1514];
/** EtherType for experiments (IEEE 802-2014, 9.2.3). */
const ETHERTYPE = [0x88, 0xb5];
const HEADER = 14;

/** Frames for a bridge of `ports` ports, as fast-check draws and shrinks them. */
export function bridgeFrames(ports: number): fc.Arbitrary<BridgeFrameDraw[]> {
  const frame = fc.record({
    port: fc.nat(ports - 1),
    src: fc.nat(HOSTS - 1),
    // hosts come up three times as often as each group
    dst: fc.nat(3 * HOSTS + GROUPS.length - 1).map((n) =>
      n < 3 * HOSTS ? n % HOSTS : n - 2 * HOSTS
    ),
    size: fc.constantFrom(...SIZES),
  });
  return fc.array(frame, { minLength: 1, maxLength: 40, size: "max" });
}

function addressOf(n: number): readonly number[] {
  return n < HOSTS ? [2, 0xb0, 0, 0, 0, n] : GROUPS[n - HOSTS]!;
}

/** The frame of a draw; `number` is its place in the draw, and fills it. */
export function bridgeFrame(
  { port, src, dst, size }: BridgeFrameDraw,
  number: number,
): BridgeFrame {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 + number * 31 + 1);
  bytes.set([...addressOf(dst), ...addressOf(src), ...ETHERTYPE, number]);
  return { port, bytes };
}

/** Ports by which each frame must leave, as a set of bits, and which law says so. */
export function bridgeExpects(
  ports: number,
  draws: readonly BridgeFrameDraw[],
): { readonly egress: number; readonly law: string }[] {
  const learnt = new Map<number, number>();
  return draws.map(({ port, src, dst }) => {
    learnt.set(src, port);
    const others = 2 ** ports - 1 - 2 ** port;
    if (dst >= HOSTS + FIRST_RESERVED) return { egress: 0, law: "L2-5" };
    const at = learnt.get(dst);
    if (at === undefined) return { egress: others, law: "L2-2" };
    return at === port ? { egress: 0, law: "L2-3" } : { egress: 2 ** at, law: "L2-1" };
  });
}

/** What a bridge broke. */
export interface BridgeFault {
  /** Id of the law. */
  readonly law: string;
  /** One sentence with the values. */
  readonly sentence: string;
}

/** Judges what came out of a bridge; null when every law was kept. */
export function judgeBridge(
  ports: number,
  draws: readonly BridgeFrameDraw[],
  sent: readonly BridgeFrame[],
): BridgeFault | null {
  const expected = bridgeExpects(ports, draws);
  const left = new Array<number>(draws.length).fill(0);
  const last = new Map<string, number>();
  for (const { port, bytes } of sent) {
    const n = bytes[HEADER]!;
    const draw = draws[n];
    if (draw === undefined || !sameBytes(bytes, bridgeFrame(draw, n).bytes)) {
      const sentence = `port ${port} sent ${bytes.length} bytes that are no frame that came in`;
      return { law: "L2-4", sentence };
    }
    const what = `frame ${n} left port ${port}`;
    if (port === draw.port) return { law: "L2-3", sentence: `${what}, where it came in` };
    if ((left[n]! >> port & 1) === 1) return { law: "L2-2", sentence: `${what} twice` };
    left[n]! |= 1 << port;
    if ((expected[n]!.egress >> port & 1) === 0) {
      const to = portsText(expected[n]!.egress);
      return { law: expected[n]!.law, sentence: `${what}, expected ${to}` };
    }
    const flow = `${port} ${draw.src} ${draw.dst} ${draw.port}`;
    const before = last.get(flow) ?? -1;
    if (before > n) return { law: "L2-6", sentence: `${what} after frame ${before}` };
    last.set(flow, n);
  }
  const n = expected.findIndex(({ egress }, i) => left[i] !== egress);
  if (n < 0) return null;
  const sentence = `frame ${n} left ${portsText(left[n]!)}, expected ${
    portsText(expected[n]!.egress)
  }`;
  return { law: expected[n]!.law, sentence };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function portsText(set: number): string {
  const ports = [...set.toString(2)].reverse().flatMap((bit, p) => bit === "1" ? [p] : []);
  return ports.length === 0 ? "no port" : `port${ports.length > 1 ? "s" : ""} ${ports.join(", ")}`;
}

/** Words for a frame of a draw. */
export function bridgeFrameText({ port, src, dst, size }: BridgeFrameDraw, number: number): string {
  const name = (n: number) => addressOf(n).map((b) => b.toString(16).padStart(2, "0")).join(":");
  return `frame ${number}: into port ${port}, ${name(src)} > ${name(dst)}, ${size} bytes`;
}
