import { createTexts, type Texts } from '../../both/i18n.js'
import { en } from '../locales/en.js'
import { useI18n, type MessageKey } from '../locales/i18n.js'
import { zhCN } from '../locales/zh-CN.js'
import { adminEn } from './words/en.js'
import { adminZhCN } from './words/zh-CN.js'

export type AdminKey = keyof typeof adminZhCN
export type AdminTexts = Texts<MessageKey | AdminKey>

const catalogues = { 'zh-CN': { ...zhCN, ...adminZhCN }, en: { ...en, ...adminEn } }

/** The page's texts with those of administration, which come with its pages only. */
export function useAdminTexts(): AdminTexts {
  return createTexts<MessageKey | AdminKey>(useI18n().language, catalogues)
}
