import { inject, type InjectionKey, type Ref } from 'vue'
import { createTexts, type Language, type Texts, type Translate as TranslateOf } from '../../both/i18n.js'
import { en } from './en.js'
import { zhCN } from './zh-CN.js'

export { openLanguage } from '../../both/i18n.js'

/** The name of a text in both catalogues. */
export type MessageKey = keyof typeof zhCN

export type Translate = TranslateOf<MessageKey>
export type I18n = Texts<MessageKey>

export const i18nKey: InjectionKey<I18n> = Symbol('i18n')

/** Texts in the language that the ref holds at the moment. */
export function createI18n(language: Ref<Language>): I18n {
  return createTexts<MessageKey>(language, { 'zh-CN': zhCN, en })
}

/** The page's texts, for a component. */
export function useI18n(): I18n {
  const i18n = inject(i18nKey)
  if (i18n === undefined) throw new Error('The page provides no texts.')
  return i18n
}
