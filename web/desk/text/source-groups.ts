import { isBareEntry, readSessionFrom } from './session-from.js'

/** Where customers came from, as one chooses among it. */
export interface SourceGroups {
  /** By field, such as `page`: the values that it has, or none where they are more than one looks through. */
  fields: { key: string; values: string[]; count: number }[]
  /** What has no fields, as it came, with how it reads. */
  words: { raw: string; label: string }[]
}

/** A field with more values tells customers or orders apart, and not where they come from. */
const mostValues = 12
const mostWords = 50

/** Sorts what `session-from`s there are, the commonest first. `chosen` is among what it gives, whatever there is. */
export function groupSources(
  raws: readonly string[],
  chosen: { source: string; sourceKey: string; sourceValue: string | null },
): SourceGroups {
  const fields = new Map<string, Set<string>>()
  const words = new Map<string, string>()
  const add = (key: string, value?: string): void => {
    const values = fields.get(key) ?? new Set()
    if (value !== undefined) values.add(value)
    fields.set(key, values)
  }
  for (const raw of raws) {
    if (isBareEntry(raw)) continue
    const read = readSessionFrom(raw)
    for (const [key, value] of read.fields) add(key, value)
    if (read.fields.length === 0 && words.size < mostWords) words.set(raw, read.short)
  }
  if (chosen.source !== '') words.set(chosen.source, readSessionFrom(chosen.source).short)
  if (chosen.sourceKey !== '') add(chosen.sourceKey)
  return {
    fields: [...fields].map(([key, all]) => {
      const values = all.size > mostValues ? [] : [...all]
      const { sourceKey, sourceValue } = chosen
      if (sourceKey === key && sourceValue !== null && !values.includes(sourceValue)) values.push(sourceValue)
      return { key, values, count: all.size }
    }),
    words: [...words].map(([raw, label]) => ({ raw, label })),
  }
}
