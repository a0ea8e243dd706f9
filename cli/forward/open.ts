/** Opens the ports that the command line names, and nothing else. */
import { readCapture, toEthernet } from "../../fixtures/mod.ts";
import type { FramePort } from "../../stacks/external/live/frame_port.ts";
import { givenLink, linksHere } from "../../stacks/external/live/given.ts";
import { closeLibc, openLibc, SystemCallError } from "../../stacks/external/live/libc.ts";
import { setUp } from "../../stacks/external/live/links.ts";
import { Netlink } from "../../stacks/external/live/netlink.ts";
import { PacketPort } from "../../stacks/external/live/packet_port.ts";
import { TapPort } from "../../stacks/external/live/tap_port.ts";
import { XskPort } from "../../stacks/external/live/xsk_port.ts";
import { readInput, reasonOf } from "../files.ts";
import { cutText } from "../report/format.ts";
import { CapturePort } from "./capture_port.ts";
import { UserError } from "../user_error.ts";
import type { ForwardOptions, PortOption } from "./options.ts";

const CAPTURE_BYTES_MAX = 2 ** 31 - 1;

/** A port, and its own MAC address. */
export interface OpenPort {
  readonly port: FramePort;
  readonly mac: Uint8Array;
  /** Where the capture that it receives from is cut, in words; left out where there is none, or it is whole. */
  readonly cut?: string;
}

/**
 * Opens every port, or none.
 * @throws {UserError} naming the port and what was expected
 */
export function openPorts(options: ForwardOptions): OpenPort[] {
  const open: OpenPort[] = [];
  try {
    options.ports.forEach((port, i) => open.push(openPort(port, i, options)));
    return open;
  } catch (error) {
    for (const { port } of open) port.close();
    if (error instanceof SystemCallError || error instanceof RangeError) {
      throw new UserError(`--port: ${error.message.replace(/^Cannot/, "cannot")}`);
    }
    throw error;
  }
}

/** @throws {UserError} when a capture would be written over a file that is read, or over another, whatever its names */
export function refuseOverwriting({ ports, routes }: ForwardOptions): void {
  const captures = ports.filter((port) => port.kind === "pcap");
  const read = [...captures.map(({ input }) => input), ...routes === null ? [] : [routes]];
  const taken = new Map(read.map((path) => [fileOf(path), path]));
  for (const { output } of captures) {
    const other = taken.get(fileOf(output)) ?? taken.get(fileOf(partOf(output)));
    if (other !== undefined) {
      throw new UserError(
        `--port: expected a file of its own to write each capture to, got ${output}, ` +
          `which would overwrite ${other}`,
      );
    }
    taken.set(fileOf(output), output);
  }
}

/** What makes a file the same one: device and inode, or where there is none yet the folder's and its name. */
function fileOf(path: string): string {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch {
    const at = path.lastIndexOf("/");
    try {
      const { dev, ino } = Deno.statSync(at < 0 ? "." : path.slice(0, at + 1));
      return `${dev} ${ino} ${path.slice(at + 1)}`;
    } catch {
      return path;
    }
  }
}

function openPort(option: PortOption, i: number, { slots, force }: ForwardOptions): OpenPort {
  if (option.kind === "pcap") return openCapture(option.input, option.output, i);
  const { name } = option;
  if (option.kind === "tap") {
    const port = new TapPort(name);
    const { index, mac } = linksHere().find((one) => one.name === name)!;
    bringUp(index);
    return { port, mac };
  }
  const { index, mac } = givenLink(name, force);
  const port = option.kind === "af_packet"
    ? new PacketPort(index, name, { slots })
    : new XskPort(index, name, option.kind === "xdp" ? "generic" : "native");
  return { port, mac };
}

function bringUp(index: number): void {
  const netlink = new Netlink(openLibc());
  try {
    setUp(netlink, index);
  } finally {
    netlink.close();
    closeLibc();
  }
}

function openCapture(input: string, output: string, i: number): OpenPort {
  const bytes = readInput(input, "a pcap or pcapng file", CAPTURE_BYTES_MAX);
  const capture = readCapture(input, bytes);
  const frames = toEthernet(capture);
  const port = new CapturePort(input, frames, (sent) => write(output, sent));
  const cut = capture.cut && `The capture ${input} is ${cutText(capture.cut)}.`;
  return { port, mac: Uint8Array.of(2, 0, 0, 0, 1, i), ...cut === undefined ? {} : { cut } };
}

/** Where a file is written until it is whole. */
function partOf(path: string): string {
  return `${path}.part`;
}

/** Writes a file whole, or not at all. */
function write(path: string, bytes: Uint8Array): void {
  const part = partOf(path);
  try {
    Deno.writeFileSync(part, bytes);
    Deno.renameSync(part, path);
  } catch (error) {
    throw new UserError(
      `--port: ${path}: expected a file that can be written, got ${reasonOf(error)}`,
    );
  }
}
