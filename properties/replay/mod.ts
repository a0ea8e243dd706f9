/** Counterexamples as one word: see `encodeToken`. */
export { decodeToken, encodeToken, isToken, type Token, type TokenKind } from "./token.ts";
