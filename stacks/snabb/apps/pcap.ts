/**
 * Packets from a capture file and into one. A file is bytes here, since a process reaches no file system; they are in
 * the classic format, little-endian, with microseconds. Source: apps/pcap/pcap.lua, lib/pcap/pcap.lua.
 */
import { REASON } from "../../../core/policy.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";

const MAGIC = 0xa1b2c3d4;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SNAPLEN = 65535;
const LINKTYPE_ETHERNET = 1;

/** Transmits the packets of a file, once. */
export class PcapReader extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = { file: { required: true } };
  readonly #process: SnabbProcess;
  readonly #view: DataView;
  #at = FILE_HEADER_BYTES;

  /** @throws {RangeError} when the bytes are no such file */
  constructor({ file }: { readonly file: Uint8Array }, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    if (file.length < FILE_HEADER_BYTES || this.#view.getUint32(0, true) !== MAGIC) {
      throw new RangeError("Cannot read capture: it does not begin as a little-endian pcap file");
    }
  }

  override pull(): void {
    const { engine, link, packet, costs } = this.#process;
    const output = this.output.output!;
    const view = this.#view;
    let n = 0;
    for (; n < engine.pullNpackets && this.#at < view.byteLength; n++) {
      const start = this.#at + RECORD_HEADER_BYTES;
      const length = start > view.byteLength ? 0 : view.getUint32(this.#at + 8, true);
      if (start + length > view.byteLength) {
        throw new RangeError(`Cannot read capture: the record at byte ${this.#at} is cut off`);
      }
      const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
      link.transmit(output, packet.fromPointer(bytes));
      this.#at = start + length;
    }
    this.#process.charge(n * costs.linkPacket);
  }

  /** Whether all packets were transmitted. */
  get done(): boolean {
    return this.#at === this.#view.byteLength;
  }
}

/** Writes what it receives to a file. */
export class PcapWriter extends SnabbApp {
  readonly #process: SnabbProcess;
  readonly #records: { readonly us: number; readonly bytes: Uint8Array }[] = [];

  /** An empty file. */
  constructor(_: unknown, process: SnabbProcess) {
    super();
    this.#process = process;
  }

  override push(): void {
    const { link, packet, costs } = this.#process;
    const input = this.input.input!;
    let n = 0;
    for (; !link.empty(input); n++) {
      const p = link.receive(input);
      this.#records.push({ us: Math.floor(this.#process.nowUs()), bytes: packet.data(p).slice() });
      this.#process.chargeCopy(packet.length(p));
      this.#process.discard(p, REASON.consumed);
    }
    this.#process.charge(n * costs.linkPacket);
  }

  /** The file so far. */
  file(): Uint8Array {
    const size = this.#records.reduce(
      (sum, { bytes }) => sum + RECORD_HEADER_BYTES + bytes.length,
      0,
    );
    const file = new Uint8Array(FILE_HEADER_BYTES + size);
    const view = new DataView(file.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAPLEN, true);
    view.setUint32(20, LINKTYPE_ETHERNET, true);
    let at = FILE_HEADER_BYTES;
    for (const { us, bytes } of this.#records) {
      view.setUint32(at, Math.floor(us / 1e6), true);
      view.setUint32(at + 4, us % 1e6, true);
      view.setUint32(at + 8, bytes.length, true);
      view.setUint32(at + 12, bytes.length, true);
      file.set(bytes, at + RECORD_HEADER_BYTES);
      at += RECORD_HEADER_BYTES + bytes.length;
    }
    return file;
  }
}
