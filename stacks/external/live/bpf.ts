/**
 * BPF programs and maps: ELF files by libbpf, all else by the system call bpf(2) (linux/bpf.h). A program that is
 * attached stays so while its link is open, which is at most as long as this process lives.
 */
import { addressOf, closeLibc, cString, failure, type Libc, openLibc, succeeded } from "./libc.ts";

const LIBBPF = "libbpf.so.1";
const SYMBOLS = {
  bpf_object__open_file: { parameters: ["buffer", "pointer"], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__next_program: { parameters: ["pointer", "pointer"], result: "pointer" },
  bpf_object__find_map_fd_by_name: { parameters: ["pointer", "buffer"], result: "i32" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Numbers of system calls by machine. */
const SYS_BPF = { x86_64: 321, aarch64: 280 } as const;
const CMD = { update: 2, testRun: 10, linkCreate: 28, updateBatch: 26, deleteBatch: 27 };
const ATTACH_XDP = 37;
/** Attach where the kernel has made a packet buffer already, which every interface can. */
const XDP_FLAGS_GENERIC = 2;
/** Attach in the driver. */
const XDP_FLAGS_NATIVE = 4;
const ATTRIBUTES = 80;
/** Most that a program may be given, and give back. */
const FRAME_MAX = 2048;

/** What an XDP program says of a frame. */
export const XDP = { aborted: 0, drop: 1, pass: 2, tx: 3, redirect: 4 } as const;

/** A loaded object file: its first program, and its maps. */
export class BpfObject {
  readonly #libc: Libc;
  readonly #libbpf: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #object: Deno.PointerObject;
  readonly #program: number;
  readonly #links: number[] = [];
  readonly #attributes = new Uint8Array(ATTRIBUTES);
  readonly #attributesAt = Deno.UnsafePointer.of(this.#attributes);
  readonly #view = new DataView(this.#attributes.buffer);
  readonly #number: number;
  readonly #input = new Uint8Array(FRAME_MAX);
  readonly #context = new Uint8Array(24);
  readonly #contextView = new DataView(this.#context.buffer);
  readonly #run = new Uint8Array(ATTRIBUTES);
  readonly #runAt = Deno.UnsafePointer.of(this.#run);
  readonly #runView = new DataView(this.#run.buffer);
  /** The frame as the last run of the program left it. */
  readonly output: Uint8Array<ArrayBuffer> = new Uint8Array(FRAME_MAX);
  /** Its length. */
  outputLength = 0;

  /**
   * Loads an object file.
   * @throws {Error} when libbpf is not there, or refuses the file; it says why on standard error
   */
  constructor(path: string) {
    refuseUnlessElf(path);
    this.#number = SYS_BPF[Deno.build.arch];
    try {
      this.#libbpf = Deno.dlopen(LIBBPF, SYMBOLS);
    } catch (error) {
      throw new Error(`Cannot load ${path}: ${LIBBPF} is needed (Debian: libbpf1)`, {
        cause: error,
      });
    }
    this.#libc = openLibc();
    const { symbols } = this.#libbpf;
    const object = symbols.bpf_object__open_file(cString(path), null);
    if (object === null) throw this.#refused(`open ${path}`);
    this.#object = object;
    if (symbols.bpf_object__load(object) < 0) throw this.#refused(`load ${path}`);
    const program = symbols.bpf_object__next_program(object, null);
    if (program === null) throw new Error(`Cannot load ${path}: it holds no program`);
    this.#program = symbols.bpf_program__fd(program);
    const view = this.#runView;
    view.setUint32(0, this.#program, true);
    view.setBigUint64(16, addressOf(this.#input), true);
    view.setBigUint64(24, addressOf(this.output), true);
    view.setUint32(32, 1, true);
    view.setUint32(40, this.#context.length, true);
    view.setBigUint64(48, addressOf(this.#context), true);
  }

  #refused(what: string): Error {
    return failure(
      this.#libc,
      `${what} (what the verifier says is on standard error; it needs CAP_BPF and CAP_NET_ADMIN)`,
    );
  }

  /** The descriptor of a map, or -1. */
  map(name: string): number {
    return Math.max(
      -1,
      this.#libbpf.symbols.bpf_object__find_map_fd_by_name(this.#object, cString(name)),
    );
  }

  /** Sets one element of a map. */
  update(map: number, key: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>): void {
    const view = this.#clear();
    view.setUint32(0, map, true);
    view.setBigUint64(8, addressOf(key), true);
    view.setBigUint64(16, addressOf(value), true);
    succeeded(this.#libc, this.#call(CMD.update), "set an element of a BPF map");
  }

  /** Sets `count` elements of a map, or with `values` null removes them. */
  batch(
    map: number,
    keys: Uint8Array<ArrayBuffer>,
    values: Uint8Array<ArrayBuffer> | null,
    count: number,
  ): void {
    if (count === 0) return;
    const view = this.#clear();
    view.setBigUint64(16, addressOf(keys), true);
    if (values !== null) view.setBigUint64(24, addressOf(values), true);
    view.setUint32(32, count, true);
    view.setUint32(36, map, true);
    const command = values === null ? CMD.deleteBatch : CMD.updateBatch;
    succeeded(
      this.#libc,
      this.#call(command),
      `${values === null ? "remove" : "set"} ${count} elements of a BPF map`,
    );
  }

  /** Attaches the program to an interface of the calling thread's namespace, until `close`. */
  attach(index: number, native = false): void {
    const view = this.#clear();
    view.setUint32(0, this.#program, true);
    view.setUint32(4, index, true);
    view.setUint32(8, ATTACH_XDP, true);
    view.setUint32(12, native ? XDP_FLAGS_NATIVE : XDP_FLAGS_GENERIC, true);
    const link = this.#call(CMD.linkCreate);
    this.#links.push(succeeded(this.#libc, link, `attach a program to interface ${index}`));
  }

  /**
   * Runs the program once on a frame that came in on interface `index` (BPF_PROG_TEST_RUN); answers what it says.
   * The frame as it leaves it is in `output`. An entry of a devmap that holds no interface counts as a drop.
   */
  run(bytes: Uint8Array, offset: number, length: number, index: number): number {
    for (let i = 0; i < length; i++) this.#input[i] = bytes[offset + i]!;
    this.#contextView.setUint32(4, length, true);
    this.#contextView.setUint32(12, index, true);
    const view = this.#runView;
    view.setUint32(8, length, true);
    view.setUint32(12, FRAME_MAX, true);
    const done = this.#libc.bpf(this.#number, CMD.testRun, this.#runAt, ATTRIBUTES);
    if (done < 0) throw failure(this.#libc, `run a program on ${length} bytes`);
    this.outputLength = view.getUint32(12, true);
    return view.getUint32(4, true);
  }

  /** Detaches and unloads. */
  close(): void {
    for (const link of this.#links) this.#libc.close(link);
    this.#libbpf.symbols.bpf_object__close(this.#object);
    this.#libbpf.close();
    closeLibc();
  }

  #clear(): DataView {
    this.#attributes.fill(0);
    return this.#view;
  }

  #call(command: number): number {
    return this.#libc.bpf(this.#number, command, this.#attributesAt, ATTRIBUTES);
  }
}

/** What libbpf says of anything else is an error number of its own. */
function refuseUnlessElf(path: string): void {
  const head = new Uint8Array(4);
  using file = Deno.openSync(path);
  file.readSync(head);
  if (new TextDecoder().decode(head) !== "\x7fELF") {
    throw new Error(
      `Cannot load ${path}: expected an ELF object file (clang -target bpf makes one)`,
    );
  }
}
