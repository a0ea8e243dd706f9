/**
 * A port on a TAP device (tun.c, IFF_TAP | IFF_NO_PI): what the kernel sends to the interface is read, what is written
 * the kernel receives. The device is made when it is opened and gone when it is closed.
 */
import { copyFrame } from "../../../core/memory/copy.ts";
import type { FramePort } from "./frame_port.ts";
import {
  closeLibc,
  cString,
  ERRNO,
  errno,
  failure,
  type Libc,
  openLibc,
  succeeded,
} from "./libc.ts";

const O_RDWR = 2;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 2;
const IFF_NO_PI = 0x1000;
/** Bytes of struct ifreq, and where its flags are. */
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;
const NAME_MAX = 15;
const FRAME_MAX = 2048;

/** A TAP device. */
export class TapPort implements FramePort {
  readonly name: string;
  readonly fd: number;
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FRAME_MAX);
  readonly words: Int32Array;
  readonly isOver = false;
  length = 0;
  readonly #libc: Libc;
  readonly #out = new Uint8Array(FRAME_MAX);
  readonly #outWords: Int32Array;

  /**
   * Makes the device in the namespace of the calling thread; it is down.
   * @throws {RangeError} when the name is too long
   * @throws {SystemCallError} without CAP_NET_ADMIN, or when there is no /dev/net/tun
   */
  constructor(name: string) {
    if (!(name.length >= 1 && name.length <= NAME_MAX)) {
      throw new RangeError(`Cannot open tap:${name}: expected a name of 1..${NAME_MAX} characters`);
    }
    this.name = name;
    this.words = new Int32Array(this.bytes.buffer);
    this.#outWords = new Int32Array(this.#out.buffer);
    const libc = openLibc();
    this.#libc = libc;
    const path = cString("/dev/net/tun");
    this.fd = succeeded(
      libc,
      libc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC),
      "open /dev/net/tun",
    );
    const request = new Uint8Array(IFREQ_BYTES);
    request.set(new TextEncoder().encode(name));
    new DataView(request.buffer).setUint16(IFREQ_FLAGS, IFF_TAP | IFF_NO_PI, true);
    if (libc.ioctl(this.fd, BigInt(TUNSETIFF), request) >= 0) return;
    const error = failure(
      libc,
      `make the TAP device ${name} (it needs CAP_NET_ADMIN: be root, or start it under \`unshare -Urn\`)`,
    );
    libc.close(this.fd);
    closeLibc();
    throw error;
  }

  receive(): number {
    const n = this.#libc.read(this.fd, this.bytes, FRAME_MAX);
    if (n > 0) {
      this.length = n;
      return 0;
    }
    const error = errno(this.#libc);
    if (error === ERRNO.EAGAIN || error === ERRNO.EINTR) return -1;
    throw failure(this.#libc, `read from tap:${this.name}`, error);
  }

  stampNs(): number {
    return 0;
  }

  release(): void {}

  send(bytes: Uint8Array, words: Int32Array, at: number, length: number): boolean {
    copyFrame(bytes, words, at, this.#out, this.#outWords, 0, length);
    if (this.#libc.write(this.fd, this.#out, length) >= 0) return true;
    const error = errno(this.#libc);
    if (error === ERRNO.EAGAIN || error === ERRNO.EINTR) return false;
    throw failure(this.#libc, `write to tap:${this.name}`, error);
  }

  flush(): void {}

  missed(): number {
    return 0;
  }

  close(): void {
    this.#libc.close(this.fd);
    closeLibc();
  }
}
