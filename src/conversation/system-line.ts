/** A system line's content: what happened, for the desk to put into words. */
export type SystemLine =
  | { readonly line: 'handoff'; readonly reason: string }
  | { readonly line: 'transferred' }
  | { readonly line: 'entered'; readonly sessionFrom: string }

/** The content of the line that says that WeChat's own agent tool has the customer, as it is kept: it has an index. */
export const TRANSFERRED = JSON.stringify({ line: 'transferred' } satisfies SystemLine)
