import { randomOpenId } from './emulator/random.js'

/** One phone on the page: a customer, and what the developer typed into its strip. */
export interface Phone {
  openId: string
  /** The Mini Program it has open; empty for the first there is. */
  appId: string
  /** The contact button's session-from. */
  sessionFrom: string
  /** The contact button's send-message-title, send-message-path and show-message-card. */
  card: { title: string; path: string; show: boolean }
}

/** How many customers fit one browser. */
export const maxPhones = 8

export interface PhoneDefaults {
  sessionFrom: string
  cardTitle: string
  cardPath: string
}

/** A new customer with an OpenID of its own. */
export function newPhone(defaults: PhoneDefaults, appId = ''): Phone {
  return {
    openId: randomOpenId(),
    appId,
    sessionFrom: defaults.sessionFrom,
    card: { title: defaults.cardTitle, path: defaults.cardPath, show: true },
  }
}

/** The phones to open with: those remembered, as many as `?phones=` asks for, and always one. */
export function openPhones(
  remembered: string | null,
  query: URLSearchParams,
  defaults: PhoneDefaults,
): Phone[] {
  const phones = readPhones(remembered)
  const asked = Number(query.get('phones') ?? '')
  const count = Number.isInteger(asked) && asked > 0 ? Math.min(asked, maxPhones) : Math.max(phones.length, 1)
  while (phones.length < count) phones.push(newPhone(defaults))
  return phones.slice(0, count)
}

/** What localStorage holds, as far as it is what this page wrote. */
function readPhones(text: string | null): Phone[] {
  let list: unknown
  try {
    list = JSON.parse(text ?? '[]')
  } catch {
    return []
  }
  return Array.isArray(list) ? list.slice(0, maxPhones).flatMap(readPhone) : []
}

function readPhone(value: unknown): Phone[] {
  if (!isRecord(value) || !isRecord(value['card'])) return []
  const { openId, appId, sessionFrom, card } = value
  const { title, path, show } = card
  if (typeof openId !== 'string' || !/^[\w-]{1,64}$/.test(openId)) return []
  if (typeof appId !== 'string' || typeof sessionFrom !== 'string') return []
  if (typeof title !== 'string' || typeof path !== 'string' || typeof show !== 'boolean') return []
  return [{ openId, appId, sessionFrom, card: { title, path, show } }]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
