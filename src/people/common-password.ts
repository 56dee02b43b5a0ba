import { readFileSync } from 'node:fs'

const known: ReadonlySet<string> = new Set(
  readFileSync(new URL('../../assets/common-passwords.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
)

/** Whether a password, in small letters, is one of the first that anybody would try. */
export function isCommonPassword(folded: string): boolean {
  return known.has(folded) || new Set(folded).size <= 3
}
