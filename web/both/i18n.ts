import { computed, type ComputedRef, type Ref } from 'vue'
import type { Words } from '../../src/wechat/messages/message-type.js'

/** The languages of the pages. */
export type Language = 'zh-CN' | 'en'

/** Writes a text of the catalogue, or one that has both languages with it. `{name}` is replaced by the parameter of that name. */
export type Translate<Key extends string> = (
  text: Key | Words,
  params?: Readonly<Record<string, string | number>>,
) => string

export interface Texts<Key extends string> {
  language: Ref<Language>
  t: ComputedRef<Translate<Key>>
}

/** Texts in the language that the ref holds at the moment. */
export function createTexts<Key extends string>(
  language: Ref<Language>,
  catalogues: Readonly<Record<Language, Readonly<Record<Key, string>>>>,
): Texts<Key> {
  const t = computed<Translate<Key>>(() => {
    const catalogue = catalogues[language.value]
    return (text, params = {}) => {
      const said = typeof text === 'object' ? text[language.value === 'en' ? 'en' : 'zh'] : catalogue[text]
      return said.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder))
    }
  })
  return { language, t }
}

/**
 * The language to open with: `?lang=`, what was chosen before, the first of the browser's that there is, then Chinese.
 */
export function openLanguage(
  query: URLSearchParams,
  remembered: string | null,
  browser: readonly string[] = [],
): Language {
  for (const wish of [query.get('lang'), remembered, ...browser]) {
    if (wish === null) continue
    if (/^en\b/i.test(wish)) return 'en'
    if (/^zh\b/i.test(wish)) return 'zh-CN'
  }
  return 'zh-CN'
}
