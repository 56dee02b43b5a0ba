import { Readable } from 'node:stream'
import type { Context } from 'koa'
import { writeAudit } from '../audit.js'
import { conversationsCsv } from '../conversation-export.js'
import { mayUse, type Principal, type Scope } from '../principal.js'
import { Refusal } from '../refusal.js'
import { report, type ReportsOptions } from '../reports.js'
import { Raw, route, type Route } from '../route.js'
import { reportQuery, reportView } from '../schemas/report-view.js'
import { z } from 'zod'

export interface ReportRoutesOptions extends ReportsOptions {
  readonly addressOf: (ctx: Context) => string
}

/** What is for those who look after the whole: figures, and everything as a table. */
export function reportRoutes(options: ReportRoutesOptions): Route[] {
  const { store, now, addressOf } = options
  return [
    route({
      method: 'GET',
      path: '/reports',
      summary: 'Figures of some days: conversations, messages, waits, failures, agents.',
      access: 'agent',
      query: reportQuery,
      answer: reportView,
      async handle({ query: { from, to, app }, principal }) {
        mustBeNoPlainAgent(principal)
        return report(options, { from, to, apps: narrowed(principal, app) })
      },
    }),
    route({
      method: 'GET',
      path: '/conversations.csv',
      summary: 'All conversations as a table for spreadsheets, oldest first.',
      access: 'agent',
      query: z.object({ app: z.string().max(100).optional() }),
      answer: new Raw('text/csv'),
      async handle({ query: { app }, principal, ctx }) {
        mustBeNoPlainAgent(principal)
        const apps = narrowed(principal, app)
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'exported',
          target: 'conversations.csv',
          appId: app,
          address: addressOf(ctx),
        })
        ctx.type = 'text/csv; charset=utf-8'
        ctx.set('Content-Disposition', 'attachment; filename="conversations.csv"')
        ctx.body = Readable.from(conversationsCsv(store, apps))
      },
    }),
  ]
}

/** An agent answers customers; what all of them said, and what colleagues do, is for admins and programs. */
function mustBeNoPlainAgent(principal: Principal): void {
  if (principal.kind === 'agent' && principal.role !== 'admin')
    throw new Refusal('forbidden', 'Only an admin may do that.')
}

function narrowed(principal: Principal, app: string | undefined): Scope {
  if (app === undefined) return principal.apps
  return mayUse(principal, app) ? [app] : []
}
