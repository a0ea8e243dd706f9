/**
 * A counterexample as one word that can be pasted: the concrete scenario, not a seed, so that it
 * says the same when the drawing of scenarios has changed.
 *
 * `pc1-` (the form), then in base64url: the CRC32C of the text, its length, both of four bytes with
 * the least significant first, and the text, deflated (RFC 1951) against a fixed dictionary. The text is JSON:
 * what kind of subject, its name, the law, the version of the law set, the scenario.
 */
import { deflateSync, inflateSync } from "fflate";
import { crc32c } from "../../core/hash/crc32c.ts";
import { InputError } from "../../fixtures/input_error.ts";
import { type Field, parseJson } from "../counterexample/_reader.ts";
import { LAW_SET_VERSION } from "../laws/laws.ts";
import { DICTIONARY } from "./_dictionary.ts";

/** What a token's scenario is for. */
export type TokenKind = "forwarder" | "fib4" | "fib6" | "ring" | "mempool";

/** A token, read; its scenario is judged by whoever runs it. */
export interface Token {
  /** What the scenario is for. */
  readonly kind: TokenKind;
  /** Name of the subject that it was found on. */
  readonly name: string;
  /** Id of the law that broke. */
  readonly law: string;
  /** Version of the law set by which it broke. */
  readonly laws: number;
  /** The scenario as JSON. */
  readonly scenario: Field;
}

const KINDS: readonly TokenKind[] = ["forwarder", "fib4", "fib6", "ring", "mempool"];
const FORM = "pc1-";
/** Bytes of checksum and length. */
const HEAD = 8;
/** Most bytes of a text: beyond them a token is refused instead of exhausting memory. */
const TEXT_MAX = 1 << 24;
/** Most characters of a name, of which the rest is left out: a program's is its command. */
const NAME_MAX = 200;
const WHERE = "token";
const WORDS = new TextEncoder().encode(DICTIONARY);

/**
 * The token of a scenario, which is given as JSON. The same scenario gives the same token, on every
 * machine.
 */
export function encodeToken(
  kind: TokenKind,
  name: string,
  law: string,
  scenario: string,
): string {
  const head = JSON.stringify({ kind, name: name.slice(0, NAME_MAX), law, laws: LAW_SET_VERSION });
  const text = new TextEncoder().encode(`${head.slice(0, -1)},"scenario":${scenario}}`);
  const packed = deflateSync(text, { level: 9, dictionary: WORDS });
  const bytes = new Uint8Array(HEAD + packed.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc32c(text, 0, text.length), true);
  view.setUint32(4, text.length, true);
  bytes.set(packed, HEAD);
  return FORM + bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Whether a text is meant as a token, right or wrong; anything else may be the path of a file. */
export function isToken(text: string): boolean {
  return /^pc\d+-/.test(text.trim());
}

/**
 * Reads a token. Space around it and line breaks in it do not matter.
 *
 * @throws {InputError} when it is not one, or damaged
 * @example
 * ```ts
 * import { decodeToken } from "@planecheck/planecheck/properties";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => decodeToken("pc1-AAAA"), Error, "expected a whole token");
 * ```
 */
export function decodeToken(token: string): Token {
  const top = parseJson(WHERE, unpack(token.replace(/\s+/g, "")));
  return {
    kind: top.get("kind").word(KINDS),
    name: top.get("name").text(NAME_MAX),
    law: top.get("law").text(40),
    laws: top.get("laws").integer(1, 1e6),
    scenario: top.get("scenario"),
  };
}

function unpack(token: string): string {
  if (!token.startsWith(FORM)) {
    throw new InputError(
      WHERE,
      "form",
      `expected ${FORM}..., got ${JSON.stringify(token.slice(0, 12))}`,
    );
  }
  const letters = token.slice(FORM.length);
  const bytes = fromBase64(letters);
  if (bytes.toBase64({ alphabet: "base64url", omitPadding: true }) !== letters) throw damaged();
  if (bytes.length <= HEAD) throw damaged();
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(4, true);
  if (length > TEXT_MAX) throw damaged();
  // one byte more than it should have tells a longer text; the room bounds what is unpacked
  const out = new Uint8Array(length + 1);
  let text: Uint8Array;
  try {
    text = inflateSync(bytes.subarray(HEAD), { out, dictionary: WORDS });
  } catch {
    throw damaged();
  }
  if (text.length !== length || crc32c(text, 0, length) !== view.getUint32(0, true)) {
    throw damaged();
  }
  if (isComplete(bytes.subarray(HEAD, -1), new Uint8Array(length + 1))) throw damaged();
  return new TextDecoder().decode(text);
}

/** Whether deflated bytes come to their end: then what follows them is none of theirs. */
function isComplete(packed: Uint8Array, out: Uint8Array): boolean {
  try {
    inflateSync(packed, { out, dictionary: WORDS });
    return true;
  } catch {
    return false;
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    throw damaged();
  }
}

/** The length and the checksum tell a token that was cut or mistyped. */
function damaged(): InputError {
  return new InputError(
    WHERE,
    "contents",
    "expected a whole token, got one that is cut or mistyped",
  );
}
