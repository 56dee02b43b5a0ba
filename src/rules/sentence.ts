/** One sentence for agents, in both of the desk's languages. */
export interface Sentence {
  readonly zh: string
  readonly en: string
}

const MOST_SHOWN = 5

/** Words in quotation marks, the first few of many, for a Chinese sentence. */
export function quotedZh(words: readonly string[], join: '或' | '和'): string {
  const rest = words.length > MOST_SHOWN ? `等 ${words.length} 个` : ''
  return quoted(words).join(join) + rest
}

/** The same for an English one. */
export function quotedEn(words: readonly string[], join: 'or' | 'and'): string {
  const rest = words.length > MOST_SHOWN ? ` ${join} ${words.length - MOST_SHOWN} more` : ''
  return quoted(words).join(` ${join} `) + rest
}

function quoted(words: readonly string[]): string[] {
  return words.slice(0, MOST_SHOWN).map((word) => `“${word}”`)
}
