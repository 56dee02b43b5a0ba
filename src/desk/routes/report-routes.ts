import type { Context } from 'koa'
import { writeAudit } from '../../people/audit.js'
import { conversationsCsv } from '../conversation-export.js'
import type { HeavyReads } from '../../http/heavy-reads.js'
import { mayUse, type Principal, type Scope } from '../../http/principal.js'
import { httpErrorFor } from '../../http/http-error.js'
import { report, type ReportsOptions } from '../reports.js'
import { Raw, route, type Route } from '../../http/route.js'
import { reportQuery, reportView } from '../schemas/report-view.js'
import { z } from 'zod'

export interface ReportRoutesOptions extends ReportsOptions {
  readonly reads: HeavyReads
  readonly addressOf: (ctx: Context) => string
}

/** The routes for those who look after the whole: figures, and everything as a table. */
export function reportRoutes(options: ReportRoutesOptions): Route[] {
  const { store, now, addressOf, reads } = options
  return [
    route({
      method: 'GET',
      path: '/reports',
      summary: 'Figures of some days: conversations, messages, waits, failures, agents.',
      access: 'agent',
      query: reportQuery,
      response: reportView,
      async handle({ query: { from, to, app }, principal }) {
        mustBeNoPlainAgent(principal)
        return reads.run(principal, () => report(options, { from, to, apps: narrowed(principal, app) }))
      },
    }),
    route({
      method: 'GET',
      path: '/conversations.csv',
      summary: 'All conversations as a table for spreadsheets, oldest first.',
      access: 'agent',
      query: z.object({ app: z.string().max(100).optional() }),
      response: new Raw('text/csv'),
      async handle({ query: { app }, principal, ctx }) {
        mustBeNoPlainAgent(principal)
        const entry = {
          actor: principal,
          action: 'exported',
          target: 'conversations.csv',
          appId: app,
        } as const
        const table = await reads.export(principal, conversationsCsv(store, narrowed(principal, app)), () =>
          writeAudit(store.db, now(), { ...entry, address: addressOf(ctx) }),
        )
        ctx.type = 'text/csv; charset=utf-8'
        ctx.set('Content-Disposition', 'attachment; filename="conversations.csv"')
        ctx.body = table
      },
    }),
  ]
}

/** An agent answers customers; what all of them said, and what colleagues do, is for admins and programs. */
function mustBeNoPlainAgent(principal: Principal): void {
  if (principal.kind === 'agent' && principal.role !== 'admin')
    throw httpErrorFor('admin_only', 'forbidden', 'Only an admin may do that.')
}

function narrowed(principal: Principal, app: string | undefined): Scope {
  if (app === undefined) return principal.apps
  return mayUse(principal, app) ? [app] : []
}
