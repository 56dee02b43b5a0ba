import type { Context } from 'koa'
import {
  exportContact,
  findContact,
  type ExportedContact,
  type ExportOptions,
  type ViewSource,
} from '../../conversation/index.js'
import type { Store } from '../../store/index.js'
import type { HeavyReads } from '../../http/heavy-reads.js'
import { writeAudit, type AuditAction } from '../../people/audit.js'
import { mayUse, type Principal } from '../../http/principal.js'
import { notFound } from '../../http/http-error.js'
import { Raw, route, type Route } from '../../http/route.js'
import { byId } from '../../http/schemas/list.js'

export interface PersonalDataRoutesOptions {
  readonly store: Store
  readonly views: ViewSource
  readonly reads: HeavyReads
  readonly pictures: Omit<ExportOptions, 'views'>
  /** Deletes all that is kept of a customer, also from where it was before. */
  readonly erase: (contactId: number) => Promise<void>
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

/** The routes for a customer's rights: all data about them, and its erasure. */
export function personalDataRoutes(options: PersonalDataRoutesOptions): Route[] {
  const { store, views, reads, pictures, erase, addressOf, now } = options
  async function contactOf(id: number, principal: Principal): Promise<ExportedContact> {
    const contact = await findContact(store, id)
    if (!contact || !mayUse(principal, contact.appId)) throw notFound()
    return contact
  }
  /** Says who did it and when, without saying to whom but by a number. */
  async function note(
    action: AuditAction,
    { id, appId }: ExportedContact,
    actor: Principal,
    ctx: Context,
  ): Promise<void> {
    await writeAudit(store.db, now(), {
      actor,
      action,
      target: `contact:${id}`,
      appId,
      address: addressOf(ctx),
    })
  }
  return [
    route({
      method: 'GET',
      path: '/contacts/:id/export',
      summary: 'All that is kept of a customer, as one JSON document with their pictures in it.',
      access: 'admin',
      params: byId,
      response: new Raw('application/json'),
      async handle({ params: { id }, principal, ctx }) {
        const contact = await contactOf(id, principal)
        const pieces = exportContact({ views, ...pictures }, contact)
        const document = await reads.export(principal, pieces, () =>
          note('contact_exported', contact, principal, ctx),
        )
        ctx.type = 'application/json'
        ctx.set('Content-Disposition', `attachment; filename="contact-${id}.json"`)
        ctx.body = document
        return undefined
      },
    }),
    route({
      method: 'DELETE',
      path: '/contacts/:id',
      summary: 'Deletes all that is kept of a customer. What they send afterwards begins anew.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params: { id }, principal, ctx }) {
        const contact = await contactOf(id, principal)
        await note('contact_erased', contact, principal, ctx)
        await erase(id)
        return undefined
      },
    }),
  ]
}
