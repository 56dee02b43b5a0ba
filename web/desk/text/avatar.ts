/** How many colours avatars have. */
const hues = 8

/** One of the avatars' colours, always the same for the same seed. */
export function avatarHue(seed: string): number {
  let hash = 7
  for (const char of seed) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hash % hues
}

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' })

/** The letter of an avatar: the name's last character when it is a short Chinese name, else its first. */
export function avatarLetter(name: string): string {
  const characters = [...graphemes.segment(name.trim())].map(({ segment }) => segment)
  const isChineseName =
    characters.length > 1 && characters.length <= 3 && characters.every((one) => /\p{Script=Han}/u.test(one))
  return (isChineseName ? characters.at(-1) : characters[0]?.toUpperCase()) ?? '?'
}
