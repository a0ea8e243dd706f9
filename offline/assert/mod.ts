// Stands in for jsr:@std/assert where JSR cannot be reached: the same names and types, thin over
// node:assert/strict. It never accepts what the real package refuses; it is stricter about 0 and -0.
import strict from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;
// deno-lint-ignore no-explicit-any
type AnyClass = abstract new (...args: any[]) => any;

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 6, strAbbreviateSize: 2000 });
}

function refuse(what: string, msg: string | undefined): never {
  throw new AssertionError(msg ? `${what}: ${msg}` : what);
}

// node prints either the caller's message or the difference; a failing test needs both.
function refuseDifference(actual: unknown, expected: unknown, msg: string | undefined): never {
  let difference = `${show(actual)} is not ${show(expected)}`;
  try {
    strict.deepStrictEqual(actual, expected);
  } catch (error) {
    difference = (error as Error).message;
  }
  throw new AssertionError(`Values are not equal${msg ? `: ${msg}` : "."}\n${difference}`);
}

export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

export function assertFalse(expr: unknown, msg = ""): asserts expr is false {
  if (expr) throw new AssertionError(msg);
}

export function equal(c: unknown, d: unknown): boolean {
  return isDeepStrictEqual(c, d);
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) refuseDifference(actual, expected, msg);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) refuse(`Expected anything but ${show(expected)}`, msg);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (!Object.is(actual, expected)) refuseDifference(actual, expected, msg);
}

export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) refuse(`Expected anything but this ${show(expected)}`, msg);
}

export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) refuse(`Expected a value, got ${actual}`, msg);
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) refuse(`Expected ${show(actual)} > ${show(expected)}`, msg);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) refuse(`Expected ${show(actual)} >= ${show(expected)}`, msg);
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) refuse(`Expected ${show(actual)} < ${show(expected)}`, msg);
}

export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) refuse(`Expected ${show(actual)} <= ${show(expected)}`, msg);
}

export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7,
  msg?: string,
): void {
  if (Object.is(actual, expected) || Math.abs(expected - actual) <= tolerance) return;
  refuse(`Expected ${actual} to be within ${tolerance} of ${expected}`, msg);
}

export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) refuse(`Expected ${show(actual)} to match ${expected}`, msg);
}

export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) refuse(`Expected ${show(actual)} not to match ${expected}`, msg);
}

export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    refuse(`Expected ${show(actual)} to contain ${show(expected)}`, msg);
  }
}

export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  msg?: string,
): void {
  const there = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !there.some((one) => equal(one, item)));
  if (missing.length > 0) refuse(`Expected ${show(there)} to contain ${show(missing)}`, msg);
}

export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  try {
    strict.partialDeepStrictEqual(actual, expected);
  } catch (error) {
    refuse((error as Error).message, msg);
  }
}

export function assertInstanceOf<T extends AnyClass>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  refuse(`Expected an instance of ${expectedType.name}, got ${show(actual)}`, msg);
}

export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) {
    refuse(`Expected no instance of ${unexpectedType.name}`, msg);
  }
}

export function assertIsError<E extends Error = Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any
  ErrorClass?: abstract new (...args: any[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) refuse(`Expected an Error, got ${show(error)}`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    refuse(`Expected a ${ErrorClass.name}, got ${error.name}: ${error.message}`, msg);
  }
  if (msgMatches === undefined || msgMatches === "") return;
  const matches = typeof msgMatches === "string"
    ? error.message.includes(msgMatches)
    : msgMatches.test(error.message);
  if (!matches) {
    const wanted = typeof msgMatches === "string" ? show(msgMatches) : String(msgMatches);
    refuse(`Expected the error message to include ${wanted}, got ${show(error.message)}`, msg);
  }
}

export function fail(msg?: string): never {
  refuse("Failed assertion", msg);
}

export function unreachable(reason?: string): never {
  refuse("Unreachable", reason);
}

export function unimplemented(msg?: string): never {
  refuse("Unimplemented", msg);
}

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const suffix = typeof classOrMsg === "string" ? classOrMsg : msg;
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  refuse("Expected the function to throw", suffix);
}

export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const suffix = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    refuse(`Expected a rejected promise, but the call itself threw ${show(error)}`, suffix);
  }
  if (typeof promise?.then !== "function") refuse("Expected a promise", suffix);
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  refuse("Expected the promise to be rejected", suffix);
}
