/**
 * The program that gives frames to an AF_XDP socket: six instructions and a map with one entry, by bpf(2) (linux/bpf.h).
 * It stays attached as long as its link is open.
 */
import { addressOf, cString, type Libc, succeeded, u32s } from "./libc.ts";

const SYS_BPF = { x86_64: 321, aarch64: 280 } as const;
const BPF = { mapCreate: 0, mapUpdate: 2, progLoad: 5, linkCreate: 28 };
const ATTR_BYTES = 72;
const MAP_TYPE_XSK = 17;
const PROG_TYPE_XDP = 6;
const ATTACH_XDP = 37;
const FLAGS = { generic: 2, native: 4 } as const;

/** Where the program is attached: in the driver, or behind it. */
export type XskMode = keyof typeof FLAGS;

type Words = readonly (readonly [at: number, value: number])[];
type Longs = readonly (readonly [at: number, value: bigint])[];

/**
 * Attaches the program to an interface of the calling thread's namespace; what comes by queue 0 goes to `socket`.
 * Answers the descriptors that keep it there.
 * @throws {SystemCallError} saying `what` could not be done
 */
export function attachXsk(
  libc: Libc,
  socket: number,
  index: number,
  mode: XskMode,
  what: string,
): number[] {
  const fds: number[] = [];
  const open = (command: number, words: Words, longs?: Longs): number => {
    const fd = succeeded(libc, bpf(libc, command, words, longs), what);
    fds.push(fd);
    return fd;
  };
  try {
    const map = open(BPF.mapCreate, [[0, MAP_TYPE_XSK], [4, 4], [8, 4], [12, 1]]);
    const [key, value] = [u32s(0), u32s(socket)];
    const entry: Longs = [[8, addressOf(key)], [16, addressOf(value)]];
    succeeded(libc, bpf(libc, BPF.mapUpdate, [[0, map]], entry), what);
    const code = program(map);
    const license = cString("MIT");
    const loaded = open(
      BPF.progLoad,
      [[0, PROG_TYPE_XDP], [4, code.length / 8]],
      [[8, addressOf(code)], [16, addressOf(license)]],
    );
    open(BPF.linkCreate, [[0, loaded], [4, index], [8, ATTACH_XDP], [12, FLAGS[mode]]]);
    return fds;
  } catch (error) {
    for (const fd of fds) libc.close(fd);
    throw error;
  }
}

function bpf(libc: Libc, command: number, words: Words, longs: Longs = []): number {
  const attr = new Uint8Array(ATTR_BYTES);
  const view = new DataView(attr.buffer);
  for (const [at, value] of words) view.setUint32(at, value, true);
  for (const [at, value] of longs) view.setBigUint64(at, value, true);
  return libc.bpf(SYS_BPF[Deno.build.arch], command, Deno.UnsafePointer.of(attr), ATTR_BYTES);
}

/** `return bpf_redirect_map(&map, ctx->rx_queue_index, XDP_PASS)` as byte code (RFC 9669). */
function program(map: number): Uint8Array<ArrayBuffer> {
  const code = new Uint8Array(6 * 8);
  const view = new DataView(code.buffer);
  const instructions: readonly (readonly [number, number, number, number])[] = [
    [0x61, 0x12, 16, 0], // r2 = *(u32 *)(r1 + 16): rx_queue_index
    [0x18, 0x11, 0, map], // r1 = map
    [0, 0, 0, 0],
    [0xb7, 0x03, 0, 2], // r3 = XDP_PASS
    [0x85, 0, 0, 51], // call bpf_redirect_map
    [0x95, 0, 0, 0], // exit
  ];
  instructions.forEach(([op, registers, offset, immediate], i) => {
    code[8 * i] = op;
    code[8 * i + 1] = registers;
    view.setInt16(8 * i + 2, offset, true);
    view.setInt32(8 * i + 4, immediate, true);
  });
  return code;
}
