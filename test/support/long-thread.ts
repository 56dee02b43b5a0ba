import { openStore } from '../../src/store/index.js'
import type { TestService } from './test-service.js'

/** The text of a message of a filled thread, from 1 on. */
export const filledText = (number: number): string => `第${number}条`

/**
 * Fills the conversations of customers with so many messages behind what they have: the customer's and the bot's by
 * turns, a minute apart, every hundredth of them long. The service is stopped for it, so it has another address then.
 */
export async function fillThreads(
  service: TestService,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  await service.stop()
  const store = await openStore(`file:${service.config.dataDir}/kefu.db`)
  try {
    await store.db.transaction().execute(async (tx) => {
      const { value } = await tx
        .selectFrom('sequence')
        .select('value')
        .where('name', '=', 'workspace')
        .executeTakeFirstOrThrow()
      let id = value
      for (const [openId, count] of Object.entries(counts)) {
        const conversation = await tx
          .selectFrom('conversation')
          .innerJoin('contact', 'contact.id', 'conversation.contact_id')
          .select('conversation.id')
          .where('open_id', '=', openId)
          .executeTakeFirstOrThrow()
        const begin = Date.now() - count * 60_000
        const rows = Array.from({ length: count }, (_, index) => {
          const isIncoming = index % 2 === 0
          const content = `${filledText(index + 1)}${index % 100 === 99 ? '很长的一条消息。'.repeat(60) : ''}`
          return {
            id: ++id,
            conversation_id: conversation.id,
            direction: isIncoming ? ('incoming' as const) : ('outgoing' as const),
            author: isIncoming ? ('contact' as const) : ('rule:fill' as const),
            msg_type: 'text',
            content: JSON.stringify({ msgType: 'text', content }),
            state: isIncoming ? null : ('accepted' as const),
            epoch: 0,
            attempts: 0,
            created_at: begin + index * 60_000,
          }
        })
        for (let from = 0; from < rows.length; from += 500)
          await tx
            .insertInto('message')
            .values(rows.slice(from, from + 500))
            .execute()
        await tx
          .updateTable('conversation')
          .set({ last_message_id: id })
          .where('id', '=', conversation.id)
          .execute()
      }
      await tx.updateTable('sequence').set({ value: id }).where('name', '=', 'workspace').execute()
    })
  } finally {
    await store.close()
  }
  await service.restart()
}
