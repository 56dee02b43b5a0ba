/** A push to be made safe. */
export interface PushRow {
  readonly dedupeKey: string
  readonly appId: string
  readonly openId: string
  readonly format: 'json' | 'xml'
  readonly plaintext: string
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /** WeChat is told success as soon as the push is safe: nobody waits for what its handlers decide. */
  readonly answered?: boolean
}

/** What became of it: `inserted` is false when the same push was there already. */
export interface Appended {
  readonly id: number
  readonly inserted: boolean
}

/** Makes pushes safe, all that come in one turn of the event loop in one commit. */
export interface PushLog {
  /** Resolves after the commit. Rejects when the database refuses this row, or fails; then nothing of it is kept. */
  append(row: PushRow): Promise<Appended>
}
