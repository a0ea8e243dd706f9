/**
 * Reads fields of parsed JSON one by one; what is missing or wrong is named with its path in one
 * line.
 */
import { InputError } from "../../fixtures/input_error.ts";

/** A JSON value, where it lies, and the name of the file that it came from. */
export class Field {
  readonly #file: string;
  readonly #path: string;
  readonly #value: unknown;

  /** A value that lies at `path` in `file`. */
  constructor(file: string, path: string, value: unknown) {
    this.#file = file;
    this.#path = path;
    this.#value = value;
  }

  /** The error that says what was expected here. */
  expected(what: string): InputError {
    const got = this.#value === undefined ? "nothing" : excerpt(this.#value);
    return new InputError(this.#file, this.#path || "top level", `expected ${what}, got ${got}`);
  }

  /** A member of an object. */
  get(name: string): Field {
    if (!isObject(this.#value)) throw this.expected("an object");
    const path = this.#path === "" ? name : `${this.#path}.${name}`;
    return new Field(
      this.#file,
      path,
      Object.hasOwn(this.#value, name) ? this.#value[name] : undefined,
    );
  }

  /** Whether there is something here: a member may be left out. */
  get given(): boolean {
    return this.#value !== undefined;
  }

  /** Whether a text is here. */
  get isText(): boolean {
    return typeof this.#value === "string";
  }

  /** The elements of an array of at least `min` and at most `max`. */
  elements(max: number, min = 0): Field[] {
    if (!Array.isArray(this.#value)) throw this.expected("an array");
    if (this.#value.length < min) throw this.expected(`an array of at least ${min}`);
    if (this.#value.length > max) throw this.expected(`an array of at most ${max} elements`);
    return this.#value.map((value, i) => new Field(this.#file, `${this.#path}[${i}]`, value));
  }

  /** An integer from `min` to `max`. */
  integer(min: number, max: number): number {
    const value = this.#value;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw this.expected(`an integer ${min}..${max}`);
    }
    return value;
  }

  /** True or false. */
  boolean(): boolean {
    if (typeof this.#value !== "boolean") throw this.expected("true or false");
    return this.#value;
  }

  /** Whether nothing is here, or null. */
  get isEmpty(): boolean {
    return this.#value === undefined || this.#value === null;
  }

  /** A text of at most `max` characters. */
  text(max: number): string {
    const value = this.#value;
    if (typeof value !== "string" || value.length > max) {
      throw this.expected(`a text of at most ${max} characters`);
    }
    return value;
  }

  /** A text of so many binary digits. */
  digits(count: number): string {
    const value = this.#value;
    if (typeof value !== "string" || value.length !== count || /[^01]/.test(value)) {
      throw this.expected(`${count} binary digits`);
    }
    return value;
  }

  /** One of some words. */
  word<T extends string>(words: readonly T[]): T {
    const word = words.find((one) => one === this.#value);
    if (word === undefined) throw this.expected(words.map((one) => `"${one}"`).join(" or "));
    return word;
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function excerpt(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

/** Parses JSON; a mistake is reported with its line. */
export function parseJson(file: string, text: string): Field {
  try {
    return new Field(file, "", JSON.parse(text));
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const at = position === undefined ? text.length : Number(position);
    const line = text.slice(0, at).split("\n").length;
    throw InputError.atLine(file, line, "JSON", text.slice(at, at + 60).split("\n", 1)[0]!);
  }
}
