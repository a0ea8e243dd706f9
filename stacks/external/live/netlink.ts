/**
 * rtnetlink (RFC 3549; linux/netlink.h, linux/rtnetlink.h): requests with attributes, many in one message
 * to the kernel. The kernel works them off before `send` returns; errors come back by sequence number, the
 * last request asks for an acknowledgement, so that one answer is sure to come.
 */
import { ERRNO, failure, type Libc, succeeded, type SystemCallError } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** Flags of requests; those of `dump` ask for all that there is. */
export const NLM = { request: 1, ack: 4, replace: 0x100, excl: 0x200, create: 0x400, dump: 0x300 };
const HEADER = 16;
/** A batch; larger ones are no faster. */
const BATCH = 60_000;
const ROOM = BATCH + 4096;

/** A netlink socket, and the batch that is being written. Opened in the namespace of the calling thread. */
export class Netlink {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #bytes = new Uint8Array(ROOM);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #answer = new Uint8Array(1 << 16);
  #used = 0;
  #last = 0;
  #sequence = 1;
  #first = 1;
  #tolerated = 0;
  /** What the requests of the batch are, for the text of an error. */
  #what = "";

  /** Opens a socket. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = succeeded(
      libc,
      libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
      "open a netlink socket",
    );
  }

  /**
   * Begins a request after those that wait. `tolerated` is an error that is none, e.g. ESRCH for what is to be
   * gone. The header of the family follows by `u8` to `bytes`, then attributes.
   */
  begin(type: number, flags: number, what: string, tolerated = 0): void {
    if (this.#used > BATCH) this.flush();
    if (this.#used > 0 && (tolerated !== this.#tolerated || what !== this.#what)) this.flush();
    this.#what = what;
    this.#tolerated = tolerated;
    this.#last = this.#used;
    const view = this.#view;
    view.setUint16(this.#last + 4, type, true);
    view.setUint16(this.#last + 6, NLM.request | flags, true);
    view.setUint32(this.#last + 8, this.#sequence++, true);
    view.setUint32(this.#last + 12, 0, true);
    this.#used += HEADER;
  }

  /** Appends numbers of 8 bits. */
  u8(...values: number[]): void {
    for (const value of values) this.#bytes[this.#used++] = value;
  }

  /** Appends a number of 32 bits. */
  u32(value: number): void {
    this.#view.setUint32(this.#used, value, true);
    this.#used += 4;
  }

  /** Appends an attribute of 32 bits in the order of this machine. */
  attribute32(type: number, value: number): void {
    this.#head(type, 8);
    this.u32(value);
  }

  /** Appends an attribute that is an IPv4 address. */
  attributeAddress(type: number, value: number): void {
    this.#head(type, 8);
    this.#view.setUint32(this.#used, value);
    this.#used += 4;
  }

  /** Appends an attribute of bytes. */
  attribute(type: number, bytes: Uint8Array): void {
    this.#head(type, 4 + bytes.length);
    this.#bytes.set(bytes, this.#used);
    const padded = (bytes.length + 3) & ~3;
    this.#bytes.fill(0, this.#used + bytes.length, this.#used + padded);
    this.#used += padded;
  }

  /** Appends an attribute that holds what `inside` appends. */
  nested(type: number, inside: () => void): void {
    const at = this.#used;
    this.#head(type, 0);
    inside();
    this.#view.setUint16(at, this.#used - at, true);
  }

  /** Ends the request that was begun. */
  end(): void {
    this.#view.setUint32(this.#last, this.#used - this.#last, true);
  }

  /**
   * Sends what waits and reads the answers.
   * @throws {SystemCallError} naming the first request that the kernel refused
   */
  flush(): void {
    if (this.#used === 0) return;
    const flagsAt = this.#last + 6;
    this.#view.setUint16(flagsAt, this.#view.getUint16(flagsAt, true) | NLM.ack, true);
    const final = this.#sequence - 1;
    const length = this.#used;
    const first = this.#first;
    this.#used = 0;
    this.#first = this.#sequence;
    const sent = this.#libc.sendBytes(this.#fd, this.#bytes, length, 0);
    succeeded(this.#libc, sent, `${this.#what}: send to netlink`);
    let refused: SystemCallError | null = null;
    for (let done = false; !done;) {
      this.#receive((type, sequence, at) => {
        if (type !== NLMSG_ERROR || sequence < first) return;
        const error = -new DataView(this.#answer.buffer).getInt32(at, true);
        if (error !== 0 && error !== this.#tolerated) {
          refused ??= failure(this.#libc, `${this.#what} (request ${sequence - first})`, error);
        }
        done ||= sequence === final;
      });
    }
    if (refused !== null) throw refused;
  }

  /** Sends the request that was begun as one for a dump; `each` gets the bytes of every answer, header behind it. */
  dump(each: (body: Uint8Array) => void): void {
    const length = this.#used;
    const sequence = this.#sequence - 1;
    this.#used = 0;
    this.#first = this.#sequence;
    succeeded(
      this.#libc,
      this.#libc.sendBytes(this.#fd, this.#bytes, length, 0),
      `${this.#what}: send to netlink`,
    );
    for (let done = false; !done;) {
      this.#receive((type, of, at, end) => {
        if (of !== sequence) return;
        if (type === NLMSG_ERROR) {
          throw failure(
            this.#libc,
            this.#what,
            -new DataView(this.#answer.buffer).getInt32(at, true),
          );
        }
        if (type === NLMSG_DONE) done = true;
        else each(this.#answer.subarray(at, end));
      });
    }
  }

  #receive(each: (type: number, sequence: number, at: number, end: number) => void): void {
    const answer = this.#answer;
    const got = this.#libc.recv(this.#fd, answer, answer.length, 0);
    if (got < 0) {
      const error = failure(this.#libc, `${this.#what}: read from netlink`);
      if (error.errno === ERRNO.EINTR) return;
      throw error;
    }
    const view = new DataView(answer.buffer);
    for (let at = 0; at + HEADER <= got;) {
      const length = view.getUint32(at, true);
      if (length < HEADER || at + length > got) break;
      const type = view.getUint16(at + 4, true);
      each(type, view.getUint32(at + 8, true), at + HEADER, at + length);
      at += (length + 3) & ~3;
    }
  }

  /** Closes the socket. */
  close(): void {
    this.#libc.close(this.#fd);
  }

  #head(type: number, length: number): void {
    this.#view.setUint16(this.#used, length, true);
    this.#view.setUint16(this.#used + 2, type, true);
    this.#used += 4;
  }
}
