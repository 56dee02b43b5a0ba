declare const held: unique symbol

/** The text of a JSON column, by what it holds. The schema says so, and only toJson makes one. */
export type JsonText<T> = string & { readonly [held]: T }

export function toJson<T>(value: T): JsonText<T> {
  return JSON.stringify(value) as JsonText<T>
}

/** Returns what toJson was given. Throws SyntaxError where the text was cut or changed. */
export function fromJson<T>(text: JsonText<T>): T {
  return JSON.parse(text) as T
}
