import { createHash } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'

/** Whose session a push belongs to. */
export interface Customer {
  readonly appId: string
  readonly openId: string
  /** The sub-merchant, where WeChat has a session of its own with one. */
  readonly businessId?: string | null | undefined
}

/** No OpenID has it: they are letters, digits, `_` and `-`. */
const MARK = '#'

/** What `contact.open_id` holds: each session with a sub-merchant is a contact of its own (decision 0030). */
export function storedOpenId({ openId, businessId }: Customer): string {
  return businessId === null || businessId === undefined
    ? openId
    : openId + MARK + storedBusinessId(businessId)
}

/** A sub-merchant's number; of anything else what an index takes, told apart by a hash. */
export function storedBusinessId(businessId: string): string {
  if (/^[\w-]{1,64}$/.test(businessId)) return businessId
  const hash = createHash('sha256').update(businessId).digest('base64url').slice(0, 22)
  return `${businessId.replace(/[^\w-]/g, '_').slice(0, 40)}_${hash}`
}

/** The customer's OpenID in SQL, for a query that has `contact`. */
export const contactOpenIdText = `case when contact.business_id is null then contact.open_id
  else substr(contact.open_id, 1, length(contact.open_id) - length(contact.business_id) - ${MARK.length}) end`
export const contactOpenId: RawBuilder<string> = sql.raw(contactOpenIdText)
