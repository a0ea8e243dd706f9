/** Checks the classifier: a plain walk over the options by names, and a reading of frames of its own. */
import type { Classified } from "./cls_witness.ts";
import type { OdpClassifierOptions } from "./classifier_options.ts";
import type { PmrTerm } from "./pmr.ts";

/** A frame read field by field; a field that is not there is undefined. */
interface Fields {
  readonly isBroken: boolean;
  readonly of: { readonly [term: string]: number | undefined };
  readonly flow: string;
}

const big = (frame: Uint8Array, at: number, n: number): number | undefined => {
  if (at + n > frame.length) return undefined;
  return [...frame.subarray(at, at + n)].reduce((value, byte) => value * 256 + byte, 0);
};

function read({ frame, length }: Classified): Fields {
  const of: Record<string, number | undefined> = {
    LEN: length,
    ETHTYPE_0: big(frame, 12, 2),
    DMAC: big(frame, 0, 6),
  };
  let at = 12;
  let type = big(frame, at, 2);
  for (let tags = 0; (type === 0x8100 || type === 0x88a8) && tags < 2 && at + 6 <= length; tags++) {
    if (tags === 0) {
      const tci = big(frame, 14, 2)!;
      of.VLAN_ID_0 = tci % 4096;
      of.VLAN_PCP_0 = Math.floor(tci / 8192);
    }
    at += 4;
    type = big(frame, at, 2);
  }
  const ip = at + 2;
  if (type !== 0x0800) return { isBroken: false, of, flow: "" };
  if (isBroken(frame, ip, length)) return { isBroken: true, of, flow: "" };
  const protocol = frame[ip + 9]!;
  const words = frame[ip]! % 16;
  of.IPPROTO = protocol;
  of.IP_DSCP = Math.floor(frame[ip + 1]! / 4);
  of.SIP_ADDR = big(frame, ip + 12, 4);
  of.DIP_ADDR = big(frame, ip + 16, 4);
  const isFragment = big(frame, ip + 6, 2)! % 0x4000 !== 0;
  const name = ({ 6: "TCP", 17: "UDP" } as Record<number, string>)[protocol];
  if (name !== undefined && !isFragment) {
    of[`${name}_SPORT`] = big(frame, ip + 4 * words, 2);
    of[`${name}_DPORT`] = big(frame, ip + 4 * words + 2, 2);
  }
  const ports = name === undefined ? "" : `${of[`${name}_SPORT`]} ${of[`${name}_DPORT`]}`;
  return { isBroken: false, of, flow: `${of.SIP_ADDR} ${of.DIP_ADDR} ${protocol} ${ports}` };
}

/** RFC 1812, 5.2.2, of the header at `ip` of a frame of `length` bytes. */
function isBroken(frame: Uint8Array, ip: number, length: number): boolean {
  const room = length - ip;
  const bytes = 4 * (frame[ip]! % 16);
  if (room < 20 || frame[ip]! >= 0x50 || frame[ip]! < 0x40 || bytes < 20 || bytes > room) {
    return true;
  }
  const total = big(frame, ip + 2, 2)!;
  if (total < bytes || total > room) return true;
  let sum = 0;
  for (let i = 0; i < bytes; i += 2) sum += big(frame, ip + i, 2)!;
  return sum % 0xffff !== 0 || sum === 0;
}

function matches(fields: Fields, term: PmrTerm, frame: Uint8Array): boolean {
  const value = term.term === "CUSTOM_FRAME"
    ? big(frame, term.offset ?? 0, term.size ?? 1)
    : fields.of[term.term];
  if (value === undefined) return false;
  if ("range" in term) return value >= term.range[0] && value <= term.range[1];
  const mask = BigInt(term.mask ?? 2 ** 48 - 1);
  return (BigInt(value) & mask) === (BigInt(term.value) & mask);
}

/** ODP-10: `loop` is the number of the loop interface. */
export function checkClasses(
  decisions: readonly Classified[],
  options: OdpClassifierOptions,
  loop: number,
): string | null | undefined {
  const { cos, pmr = [], defaultCos, errorCos, loopDefaultCos = defaultCos } = options;
  let judged = false;
  for (const one of decisions) {
    if (one.pktio < 0) continue;
    judged = true;
    const fields = read(one);
    let at = one.pktio === loop ? loopDefaultCos : defaultCos;
    while (!fields.isBroken) {
      const rule = pmr.find(({ from, terms }) =>
        from === at && terms.every((term) => matches(fields, term, one.frame))
      );
      if (rule === undefined) break;
      at = rule.to;
    }
    if (fields.isBroken) at = errorCos ?? "none: dropped";
    const got = cos[one.cos]!.name;
    if (got !== at) return `a packet of interface ${one.pktio} got class ${got}, expected ${at}`;
  }
  return judged ? null : undefined;
}

/** ODP-11. */
export function checkHashes(decisions: readonly Classified[]): string | null | undefined {
  const queueOf = new Map<string, number>();
  for (const one of decisions) {
    if (one.queue < 0) continue;
    const key = `${one.cos}: ${read(one).flow}`;
    const before = queueOf.get(key);
    if (before !== undefined && before !== one.queue && read(one).flow !== "") {
      return `packets of flow ${key} went to queues ${before} and ${one.queue}`;
    }
    queueOf.set(key, one.queue);
  }
  return queueOf.size === 0 ? undefined : null;
}
