import { storable, type Tx } from '../../store/index.js'
import type { Push } from '../../wechat/index.js'

/**
 * Keeps for the admins who took their consent back or closed their account. Nothing is erased by itself: an admin
 * knows what the law wants kept. Written once for a push, however often it is handled.
 */
export async function noteWithdrawals(
  tx: Tx,
  jobs: readonly { readonly pushId: number; readonly push: Push; readonly receivedAt: number }[],
): Promise<void> {
  const rows = jobs.flatMap(({ pushId, push, receivedAt }) => {
    const found = withdrawalOf(push)
    return found ? [{ app_id: push.appId, ...found, push_id: pushId, at: receivedAt }] : []
  })
  if (rows.length === 0) return
  await tx
    .insertInto('withdrawal')
    .values(rows)
    .onConflict((oc) => oc.column('push_id').doNothing())
    .execute()
}

const events: ReadonlySet<string> = new Set(['user_authorization_revoke', 'user_authorization_cancellation'])

/** The person stands in `OpenID`; FromUserName is the platform's where there is one. */
function withdrawalOf({ payload }: Push): { event: string; open_id: string } | undefined {
  if (payload.msgType !== 'event' || payload.event !== 'other') return undefined
  const event = payload.type.toLowerCase()
  if (!events.has(event)) return undefined
  const named = payload.fields['OpenID']
  const openId = typeof named === 'string' && named.trim() !== '' ? named.trim() : payload.fromUserName
  return { event, open_id: storable(openId.slice(0, 128)) }
}
