/**
 * An IPsec gateway: every IPv4 packet goes into one ESP tunnel with AES-128-CTR and HMAC-SHA1-96 (RFC 4303, 3686,
 * 2404). The whole packet is the key and the whole ESP packet the result; a thread does one packet.
 *
 *     key      bytes of the inner packet, sequence number, then the packet
 *     result   bytes of the ESP packet, then the packet: SPI, sequence number, IV, ciphertext, ICV
 *
 * The result is longer than what came, so it is put behind all packets of the chunk; a chunk is asked for fewer
 * packets than it has slots, that both fit.
 */
import { copyMac, ETHERNET_HEADER_BYTES } from "../../core/packet/ethernet.ts";
import { writeU32 } from "../../core/packet/bytes.ts";
import { decrementTtl } from "../../core/packet/ipv4_forward.ts";
import { checkFrame } from "../../core/packet/router.ts";
import { REASON } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import { encryptCtr, expandKey } from "./aes128.ts";
import type { App, AppFactory } from "./app.ts";
import type { PsChunk } from "./chunk.ts";
import { writeOuter } from "./esp_outer.ts";
import { ConstantTable, type Kernel, type KernelMemory } from "./kernel.ts";
import { HmacSha1 } from "./sha1.ts";

/** A tunnel. */
export interface PsTunnel {
  /** Security parameters index. */
  readonly spi: number;
  /** AES-128 key of 16 bytes. */
  readonly key: Uint8Array;
  /** First word of each counter block, the nonce of RFC 3686. */
  readonly salt: number;
  /** Key of HMAC-SHA1, 20 bytes. */
  readonly authKey: Uint8Array;
  /** IPv4 address of this end. */
  readonly src: number;
  /** And of the other one. */
  readonly dst: number;
  /** Next hop that leads there. */
  readonly nextHop: number;
}

const ESP_HEADER = 16;
const ICV = 12;
/** Longest frame without FCS; longest inner packet; words of both with what stands before. */
const FRAME_MAX = 1514;
const INNER_MAX = 1500;
const KEY_WORDS = 2 + INNER_MAX / 4;
const RESULT_WORDS = 1 + 376;
/** Of a chunk's slots of 2048 bytes: a frame of 1536 and its result of as many take one and a half. */
const SHARE = 2 / 3;

/** Bytes of the ESP packet around an inner one: padded to 4 with its trailer (RFC 4303, 2.4). */
export function espBytes(inner: number): number {
  return ESP_HEADER + ((inner + 2 + 3) & ~3) + ICV;
}

/** Makes gateways. */
export class IpsecFactory implements AppFactory {
  readonly #tunnel: PsTunnel;

  constructor(tunnel: PsTunnel) {
    this.#tunnel = tunnel;
  }

  boot(env: Env): IpsecGateway {
    return new IpsecGateway(env, this.#tunnel);
  }
}

/** A gateway on one machine. */
export class IpsecGateway implements App {
  readonly kernel: Kernel;
  readonly table: ConstantTable;
  readonly share: number = SHARE;
  readonly #env: Env;
  readonly #tunnel: PsTunnel;
  #sequence = 0;

  constructor(env: Env, tunnel: PsTunnel) {
    this.#env = env;
    this.#tunnel = tunnel;
    this.table = new ConstantTable();
    const cost = (name: string): number => env.cost(`packetshader.${name}`);
    const [cpu, ns, ps] = [cost("cipherBlock"), cost("gpuBlockNs"), cost("gpuBlockPs")];
    this.kernel = {
      name: "ipsec",
      keyWords: KEY_WORDS,
      resultWords: RESULT_WORDS,
      thread: espThread(tunnel),
      keyBytes: (keys, id) => 8 + keys[id * KEY_WORDS]!,
      resultBytes: (results, id) => 4 + results[id * RESULT_WORDS]!,
      cpuCycles: (blocks) => blocks * cpu,
      threadNs: (blocks) => blocks * ns,
      gridPs: (blocks) => blocks * ps,
    };
  }

  preShade(chunk: PsChunk, k: number): void {
    const { bytes } = this.#env.memory;
    const at = chunk.at(k);
    const ip = at + ETHERNET_HEADER_BYTES;
    const reason = checkFrame(bytes, at, chunk.length[k]!);
    if (reason !== REASON.none) {
      chunk.divert(k, reason);
      return;
    }
    const inner = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
    if (ETHERNET_HEADER_BYTES + 20 + espBytes(inner) > FRAME_MAX) {
      chunk.drop(k, REASON["too-big"]);
      return;
    }
    decrementTtl(bytes, ip);
    const key = chunk.ask(k) * KEY_WORDS;
    chunk.keys[key] = inner;
    chunk.keys[key + 1] = ++this.#sequence;
    for (let i = 0; i < inner; i += 4) {
      let word = 0;
      for (let j = i; j < i + 4; j++) word = (word << 8) | (j < inner ? bytes[ip + j]! : 0);
      chunk.keys[key + 2 + (i >> 2)] = word;
    }
  }

  postShade(chunk: PsChunk, k: number, i: number): void {
    const { neighbours, memory: { bytes } } = this.#env;
    const { nextHop, src, dst } = this.#tunnel;
    const result = i * RESULT_WORDS;
    const esp = chunk.results[result]!;
    chunk.place(k, ETHERNET_HEADER_BYTES + 20 + esp);
    const at = chunk.at(k);
    copyMac(neighbours.mac, nextHop * 6, bytes, at);
    copyMac(neighbours.portMac, neighbours.port[nextHop]! * 6, bytes, at + 6);
    writeOuter(bytes, at, { src, dst, length: 20 + esp, id: chunk.results[result + 2]! & 0xffff });
    const to = at + ETHERNET_HEADER_BYTES + 20;
    for (let j = 0; j < esp; j += 4) writeU32(bytes, to + j, chunk.results[result + 1 + (j >> 2)]!);
    chunk.forward(k, neighbours.port[nextHop]!);
  }
}

/** The kernel: one packet into ESP. Its units are blocks of AES; a block of SHA-1 takes as long as two. */
function espThread(tunnel: PsTunnel): Kernel["thread"] {
  const roundKeys = expandKey(tunnel.key);
  const hmac = new HmacSha1(tunnel.authKey);
  const packet = new Uint8Array(RESULT_WORDS * 4);
  return (id: number, { keys, results }: KernelMemory): number => {
    const key = id * KEY_WORDS;
    const inner = keys[key]!;
    const sequence = keys[key + 1]!;
    const bytes = espBytes(inner);
    const clear = bytes - ESP_HEADER - ICV;
    writeU32(packet, 0, tunnel.spi);
    writeU32(packet, 4, sequence);
    writeU32(packet, 8, 0);
    writeU32(packet, 12, sequence);
    for (let i = 0; i < clear; i += 4) {
      writeU32(packet, ESP_HEADER + i, i < inner ? keys[key + 2 + (i >> 2)]! : 0);
    }
    for (let i = inner, pad = 1; i < clear - 2; i++, pad++) packet[ESP_HEADER + i] = pad;
    packet[ESP_HEADER + clear - 2] = clear - 2 - inner;
    packet[ESP_HEADER + clear - 1] = 4;
    const blocks = encryptCtr(roundKeys, tunnel.salt, [0, sequence], packet, ESP_HEADER, clear);
    hmac.sign96(packet, 0, bytes - ICV, bytes - ICV);
    const result = id * RESULT_WORDS;
    results[result] = bytes;
    for (let i = 0; i < bytes; i += 4) {
      results[result + 1 + (i >> 2)] = packet[i]! << 24 | packet[i + 1]! << 16 |
        packet[i + 2]! << 8 | packet[i + 3]!;
    }
    return blocks + 2 * hmac.blocks;
  };
}
