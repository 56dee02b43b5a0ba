/** Makes vectors of texts that lie near each other where the texts mean the same. */
export interface Embedder {
  /** Vectors of another can't be compared with its. */
  readonly name: string
  /** Returns vectors of length 1, in the texts' order; undefined where there are none now. Never throws. */
  embed(texts: readonly string[], options: EmbedOptions): Promise<readonly Float32Array[] | undefined>
}

export interface EmbedOptions {
  /** Whom its tokens are counted for: a Mini Program, or the knowledge itself. */
  readonly appId: string
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds. */
  readonly withinMs: number
}
