import { withoutInvisible } from '../../wechat/text.js'
import { pairs } from './simplified-table.js'

const simplified = new Map<string, string>()
const variants = new Map<string, string[]>()
for (let at = 0; at < pairs.length; at += 2) {
  const [traditional = '', simple = ''] = pairs.slice(at, at + 2)
  simplified.set(traditional, simple)
  variants.set(simple, [...(variants.get(simple) ?? [simple]), traditional])
}
const foldable = new RegExp(`[${[...simplified.keys()].join('')}]`, 'g')

/** Text as a search compares it: without characters that nobody sees, and with simplified characters only. */
export function folded(text: string): string {
  return withoutInvisible(text).replace(foldable, (character) => simplified.get(character) ?? character)
}

/** All characters that come to this one by `folded`, itself first. */
export function variantsOf(character: string): readonly string[] {
  return variants.get(character) ?? [character]
}
