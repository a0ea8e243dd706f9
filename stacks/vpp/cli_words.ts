/** Parts of CLI lines: prefixes, paths of routes, rules of access lists. */
import { parseIpv4 } from "../../core/packet/mod.ts";
import { parseIp6 } from "./ip6_text.ts";

/** A prefix of either family. */
export type CliPrefix =
  | { readonly family: 4; readonly address: number; readonly depth: number }
  | { readonly family: 6; readonly address: readonly number[]; readonly depth: number };

/** One rule of an access list: the first that matches decides. */
export interface AclRule {
  readonly permit: boolean;
  readonly src: { readonly address: number; readonly depth: number };
  readonly dst: { readonly address: number; readonly depth: number };
}

/** One path of a route: a neighbour's address, or what is not forwarded. */
export interface CliPath {
  /** Address, or `drop`. */
  readonly via: string;
  /** Interface, or "" where the address is known. */
  readonly name: string;
  readonly weight: number;
}

/** @throws {TypeError} when the text is no prefix */
export function parsePrefix(text: string): CliPrefix {
  const [address = "", depth = ""] = text.split("/");
  const length = Number(depth);
  const family = address.includes(":") ? 6 : 4;
  if (
    depth === "" || !Number.isInteger(length) || length < 0 || length > (family === 6 ? 128 : 32)
  ) {
    throw new TypeError(`Cannot configure vpp: "${text}" is no prefix`);
  }
  return family === 6
    ? { family, address: parseIp6(address), depth: length }
    : { family, address: parseIpv4(address), depth: length };
}

/** The paths of a route. */
export function parsePaths(text: string): CliPath[] {
  const paths = text.matchAll(/via (\S+)(?: ([A-Z]\S*))?(?: weight (\d+))?/g);
  return [...paths].map(([, via, name = "", weight = "1"]) => ({
    via: via!,
    name,
    weight: Number(weight),
  }));
}

const ANY = { address: 0, depth: 0 };

/** @throws {TypeError} when the text is no rule */
export function parseRule(text: string): AclRule {
  const found = /^(permit|permit\+reflect|deny)(?: src (\S+))?(?: dst (\S+))?$/.exec(text);
  if (found === null) throw new TypeError(`Cannot configure vpp: "${text}" is no rule`);
  const [, action, src, dst] = found;
  return { permit: action !== "deny", src: ruleEnd(src), dst: ruleEnd(dst) };
}

function ruleEnd(text: string | undefined): { address: number; depth: number } {
  if (text === undefined) return ANY;
  const prefix = parsePrefix(text);
  if (prefix.family === 4) return { address: prefix.address, depth: prefix.depth };
  throw new TypeError(`Cannot configure vpp: "${text}" in a rule is not IPv4`);
}
