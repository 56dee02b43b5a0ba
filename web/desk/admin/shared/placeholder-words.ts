import type { AdminKey, AdminTexts } from '../admin-texts.js'

/** What a reply may hold for what differs from customer to customer, and what each is called. */
const names: Readonly<Record<string, AdminKey>> = {
  'contact.name': 'placeholder.contactName',
  'agent.name': 'placeholder.agentName',
  'app.name': 'placeholder.appName',
  sessionFrom: 'placeholder.sessionFrom',
}

/** A placeholder's name: of `contact.name` 客户称呼; null for one that is not known. */
export function placeholderName(placeholder: string, t: AdminTexts['t']['value']): string | null {
  const word = placeholder.trim()
  const key = Object.hasOwn(names, word) ? names[word] : undefined
  if (key !== undefined) return t(key)
  const group = /^match\.(\S+)$/.exec(word)?.[1]
  if (group === undefined) return null
  return group === '0' ? t('placeholder.matchAll') : t('placeholder.match', { group })
}

/** A text as people read it: 「您好，{{contact.name}}」 becomes 「您好，〔客户称呼〕」; what is not known stays. */
export function namedText(text: string, t: AdminTexts['t']['value']): string {
  return text.replaceAll(/\{\{([^{}]*)\}\}/g, (whole, word: string) => {
    const name = placeholderName(word, t)
    return name === null ? whole : `〔${name}〕`
  })
}

export function hasPlaceholders(text: string): boolean {
  return /\{\{[^{}]*\}\}/.test(text)
}
