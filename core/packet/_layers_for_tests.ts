/**
 * Frames put together from the drawings of the RFCs, with the list of headers that a walk over them
 * ought to give: arrays and additions, nothing of what is tested.
 */

/** One header: kind, where it begins, lengths after which it may be listed, where its content ends. */
export interface Expected {
  readonly kind: string;
  readonly offset: number;
  /** Header lengths from the shortest that is listed to the whole; all but the last cut the walk. */
  readonly steps: readonly number[];
  readonly end: number;
}

/** Bytes and their headers; `number` is how the header before names them. */
export interface Built {
  readonly number: number;
  readonly bytes: readonly number[];
  readonly layers: readonly Expected[];
}

/** What one level of a frame is made of. */
export interface Level {
  readonly version: 4 | 6;
  /** IPv4: words of options. IPv6: extension headers, each of eight or sixteen bytes. */
  readonly extra: readonly number[];
  readonly tags: number;
  readonly labels: number;
  readonly tunnel: "vxlan" | "gre" | "bridged" | "ip";
  readonly greFlags: number;
}

const u16 = (n: number) => [n >>> 8 & 255, n & 255];

/** Puts a header before what is built. */
function wrap(kind: string, number: number, head: number[], inner: Built, steps?: number[]): Built {
  const bytes = [...head, ...inner.bytes];
  const moved = inner.layers.map((one) => ({
    ...one,
    offset: one.offset + head.length,
    end: one.end + head.length,
  }));
  const own = { kind, offset: 0, steps: steps ?? [head.length], end: bytes.length };
  return { number, bytes, layers: [own, ...moved] };
}

/** A transport header and its payload. */
export function transport(kind: string, payload: readonly number[], words: number): Built {
  const inner = { number: 0, bytes: payload, layers: [] };
  if (kind === "udp") {
    return wrap(kind, 17, [4, 0, 0, 53, ...u16(8 + payload.length), 0, 0], inner);
  }
  if (kind === "tcp") {
    const head = Array(20 + words * 4).fill(1);
    head[12] = (5 + words) << 4;
    return wrap(kind, 6, head, inner);
  }
  if (kind === "other") return { ...inner, number: 99 };
  return wrap(kind, kind === "icmp" ? 1 : 58, [8, 0, 1, 2, 3, 4, 5, 6], inner);
}

function network({ version, extra }: Level, inner: Built): Built {
  if (version === 4) {
    const words = Math.min(extra.length, 10);
    const head = [0x45 + words, 0, ...u16(20 + words * 4 + inner.bytes.length), 0, 1, 0x40, 0, 64];
    head.push(inner.number, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...Array(words * 4).fill(1));
    return wrap("ipv4", 0x0800, head, inner);
  }
  const chain = extra.map((pick) => [60, 43, 51][pick % 3]!);
  const bodies = chain.map((number, i) => {
    const next = chain[i + 1] ?? inner.number;
    if (number === 51) return [next, 2, ...Array(14).fill(0)]; // AH of 16 bytes
    const long = extra[i]! > 8 ? 1 : 0;
    return [next, long, 0, 0, ...Array(4 + 8 * long).fill(0)];
  });
  const steps = [40];
  for (const body of bodies) steps.push(steps.at(-1)! + body.length);
  const head = [0x60, 0, 0, 0, ...u16(steps.at(-1)! - 40 + inner.bytes.length)];
  head.push(chain[0] ?? inner.number, 64, ...Array(32).fill(7), ...bodies.flat());
  return wrap("ipv6", 0x86dd, head, inner, steps);
}

/** Ethernet with tags, and a label stack between it and the network header. */
export function link({ tags, labels }: Level, inner: Built): Built {
  let built = inner;
  if (labels > 0) {
    const stack = Array.from(
      { length: labels },
      (_, i) => [0, 6, i + 1 === labels ? 0x41 : 0x40, 64],
    );
    built = wrap("mpls", 0x8847, stack.flat(), built);
  }
  for (let i = 0; i < tags; i++) built = wrap("vlan", 0x8100, [0, 5, ...u16(built.number)], built);
  return wrap("ethernet", 0, [...Array(12).fill(2), ...u16(built.number)], built);
}

function tunnelled(level: Level, inner: Built): Built {
  switch (level.tunnel) {
    case "ip":
      return { ...inner, number: inner.number === 0x0800 ? 4 : 41 };
    case "vxlan": {
      const vxlan = wrap("vxlan", 0, [8, 0, 0, 0, 0, 0, 1, 0], link(level, inner));
      return wrap("udp", 17, [9, 9, ...u16(4789), ...u16(8 + vxlan.bytes.length), 0, 0], vxlan);
    }
    default: {
      const carried = level.tunnel === "gre" ? inner : { ...link(level, inner), number: 0x6558 };
      const flags = level.greFlags & 0xb0; // checksum, key, sequence
      const fields = [0x80, 0x20, 0x10].filter((bit) => (flags & bit) !== 0).length;
      return wrap(
        "gre",
        47,
        [flags, 0, ...u16(carried.number), ...Array(fields * 4).fill(3)],
        carried,
      );
    }
  }
}

/** A whole frame of these levels, outermost first, around a transport header. */
export function frameOf(levels: readonly Level[], inner: Built): Built {
  let built = inner;
  for (let i = levels.length - 1; i >= 0; i--) {
    built = network(levels[i]!, built);
    built = i === 0 ? link(levels[0]!, built) : tunnelled(levels[i]!, built);
  }
  return built;
}
