/**
 * System calls of Linux through libc, as far as ports on real interfaces need them.
 *
 * All calls are synchronous and made on the calling thread: the network namespace is a property of the
 * thread, so nothing may be awaited between entering one and leaving it. Pointers to memory that lasts are
 * made once and declared as pointers; a buffer argument costs three times a pointer, and a 64-bit argument
 * given as a JavaScript number leaves Deno's fast calls, so sizes on hot paths are declared "u32".
 */

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  send: { parameters: ["i32", "pointer", "u32", "i32"], result: "i32" },
  sendBytes: { name: "send", parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  clock_gettime: { parameters: ["i32", "pointer"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  unshare: { parameters: ["i32"], result: "i32" },
  sched_getcpu: { parameters: [], result: "i32" },
  sched_getaffinity: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  sched_setaffinity: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  bpf: { name: "syscall", parameters: ["i32", "i32", "pointer", "u32"], result: "i32" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** libc with the calls above. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Errors that callers tell apart. */
export const ERRNO = {
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  EBUSY: 16,
  EEXIST: 17,
  ENOBUFS: 105,
} as const;

/** A system call that failed. */
export class SystemCallError extends Error {
  /** Always `"SystemCallError"`. */
  override readonly name: string = "SystemCallError";
  /** The number of the error, e.g. 1 for EPERM. */
  readonly errno: number;

  /** Takes what was tried, as it follows "Cannot", and the error's number with its text. */
  constructor(what: string, errno: number, text: string) {
    super(`Cannot ${what}: ${text}`);
    this.errno = errno;
  }
}

let library: Deno.DynamicLibrary<typeof SYMBOLS> | null = null;
let users = 0;

/**
 * Opens libc; each call needs its {@link closeLibc}.
 *
 * @throws {Error} where this is not Linux with glibc, or `--allow-ffi` is missing
 */
export function openLibc(): Libc {
  if (Deno.build.os !== "linux") {
    throw new Error(`Cannot use network namespaces: expected Linux, got ${Deno.build.os}`);
  }
  library ??= Deno.dlopen("libc.so.6", SYMBOLS);
  users++;
  return library.symbols;
}

/** Closes libc when nobody is left who opened it. */
export function closeLibc(): void {
  if (users === 0 || --users > 0) return;
  library!.close();
  library = null;
}

/** The error of the last call on this thread. To be read at once. */
export function errno(libc: Libc): number {
  return new Deno.UnsafePointerView(libc.__errno_location()!).getInt32();
}

/** An error that tells what was tried and why it failed; `number` is the error's, the last call's by default. */
export function failure(libc: Libc, what: string, number = errno(libc)): SystemCallError {
  const text = new Deno.UnsafePointerView(libc.strerror(number)!).getCString();
  return new SystemCallError(what, number, text);
}

/** The result of a call, unless it is negative. @throws {SystemCallError} then */
export function succeeded(libc: Libc, result: number, what: string): number {
  if (result < 0) throw failure(libc, what);
  return result;
}

/** A string as C takes it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** 32-bit words as the kernel takes them. */
export function u32s(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

/** Where the bytes of a buffer lie; it must be kept as long as that is used. */
export function addressOf(buffer: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)!);
}
