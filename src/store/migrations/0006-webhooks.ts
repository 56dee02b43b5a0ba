import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Outgoing webhooks: the operator's endpoints, and what is to be delivered to them. */
export function webhooks(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      const numbered = (name: string) =>
        schema
          .createTable(name)
          .addColumn('id', id, (c) =>
            dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
          )

      await numbered('webhook')
        .addColumn('url', 'text', (c) => c.notNull())
        .addColumn('description', 'text', (c) => c.notNull())
        .addColumn('events', 'text', (c) => c.notNull())
        .addColumn('apps', 'text')
        .addColumn('enabled', 'integer', (c) => c.notNull())
        .addColumn('disabled_reason', 'text')
        .addColumn('sealed_secret', 'text')
        .addColumn('sealed_old_secret', 'text')
        .addColumn('old_secret_until', big)
        .addColumn('cursor', big, (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()

      await numbered('webhook_delivery')
        .addColumn('webhook_id', big, (c) => c.notNull().references('webhook.id').onDelete('cascade'))
        .addColumn('event_id', 'text', (c) => c.notNull())
        .addColumn('event', 'text', (c) => c.notNull())
        .addColumn('once_key', 'text', (c) => c.notNull())
        .addColumn('sequence', big)
        // Deliveries about a customer go with the customer.
        .addColumn('conversation_id', big, (c) => c.references('conversation.id').onDelete('cascade'))
        .addColumn('body', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('next_at', big, (c) => c.notNull())
        .addColumn('lease_until', big)
        .addColumn('status', 'integer')
        .addColumn('problem', 'text')
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('settled_at', big)
        .addUniqueConstraint('webhook_delivery_once', ['webhook_id', 'once_key'])
        .execute()
      // Partial: what is still to do stays small however much is kept.
      await schema
        .createIndex('webhook_delivery_to_do')
        .on('webhook_delivery')
        .columns(['webhook_id', 'next_at', 'id'])
        .where(sql.ref('state'), 'in', sql`('queued', 'retry')`)
        .execute()
      await schema
        .createIndex('webhook_delivery_under_way')
        .on('webhook_delivery')
        .column('id')
        .where(sql.ref('state'), '=', sql.lit('sending'))
        .execute()
      await schema
        .createIndex('webhook_delivery_dead')
        .on('webhook_delivery')
        .column('settled_at')
        .where(sql.ref('state'), '=', sql.lit('dead'))
        .execute()
      await schema
        .createIndex('webhook_delivery_by_state')
        .on('webhook_delivery')
        .columns(['webhook_id', 'state', 'id'])
        .execute()
      await schema
        .createIndex('webhook_delivery_of_conversation')
        .on('webhook_delivery')
        .column('conversation_id')
        .execute()
      await schema
        .createIndex('webhook_delivery_settled')
        .on('webhook_delivery')
        .column('settled_at')
        .where(sql.ref('settled_at'), 'is not', null)
        .execute()
    },
  }
}
