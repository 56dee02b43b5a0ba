import { computed, inject, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { Language } from '../text/time.js'
import { en } from './en.js'
import { zhCN } from './zh-CN.js'

/** The name of a text in both catalogues. */
export type MessageKey = keyof typeof zhCN

/** Writes a text of the catalogue, `{name}` replaced by the parameter of that name. */
export type Translate = (key: MessageKey, params?: Readonly<Record<string, string | number>>) => string

export interface I18n {
  language: Ref<Language>
  t: ComputedRef<Translate>
}

export const i18nKey: InjectionKey<I18n> = Symbol('i18n')

const catalogues: Record<Language, Record<MessageKey, string>> = { 'zh-CN': zhCN, en }

/** Texts in the language that the ref holds at the moment. */
export function createI18n(language: Ref<Language>): I18n {
  const t = computed<Translate>(() => {
    const catalogue = catalogues[language.value]
    return (key, params = {}) =>
      catalogue[key].replace(/\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder))
  })
  return { language, t }
}

/** The page's texts, for a component. */
export function useI18n(): I18n {
  const i18n = inject(i18nKey)
  if (i18n === undefined) throw new Error('The page provides no texts.')
  return i18n
}

/** The language to open with: `?lang=`, what was chosen before, then Chinese. */
export function openLanguage(query: URLSearchParams, remembered: string | null): Language {
  for (const wish of [query.get('lang'), remembered]) {
    if (wish === null) continue
    if (/^en\b/i.test(wish)) return 'en'
    if (/^zh\b/i.test(wish)) return 'zh-CN'
  }
  return 'zh-CN'
}
