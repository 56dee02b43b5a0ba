import { Readable } from 'node:stream'
import type { Context } from 'koa'
import {
  exportContact,
  findContact,
  type ExportedContact,
  type ExportOptions,
  type ViewSource,
} from '../../conversation/index.js'
import type { Store } from '../../store/index.js'
import { writeAudit, type AuditAction } from '../audit.js'
import { mayUse, type Principal } from '../principal.js'
import { notFound } from '../refusal.js'
import { Raw, route, type Route } from '../route.js'
import { byId } from '../schemas/list.js'

export interface PersonalDataRoutesOptions {
  readonly store: Store
  readonly views: ViewSource
  readonly pictures: Omit<ExportOptions, 'views'>
  /** Deletes all that is kept of a customer, also from where it was before. */
  readonly erase: (contactId: number) => Promise<void>
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

/** What a customer may ask for: all that is kept of them, and that nothing is kept any more. */
export function personalDataRoutes(options: PersonalDataRoutesOptions): Route[] {
  const { store, views, pictures, erase, addressOf, now } = options
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
      answer: new Raw('application/json'),
      async handle({ params: { id }, principal, ctx }) {
        const contact = await contactOf(id, principal)
        await note('contact_exported', contact, principal, ctx)
        ctx.type = 'application/json'
        ctx.set('Content-Disposition', `attachment; filename="contact-${id}.json"`)
        ctx.body = Readable.from(exportContact({ views, ...pictures }, contact))
        return undefined
      },
    }),
    route({
      method: 'DELETE',
      path: '/contacts/:id',
      summary: 'Deletes all that is kept of a customer. What they send afterwards begins anew.',
      access: 'admin',
      params: byId,
      answer: null,
      async handle({ params: { id }, principal, ctx }) {
        const contact = await contactOf(id, principal)
        await note('contact_erased', contact, principal, ctx)
        await erase(id)
        return undefined
      },
    }),
  ]
}
