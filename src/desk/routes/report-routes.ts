import type { Context } from 'koa'
import { writeAudit } from '../../people/audit.js'
import { conversationsCsv } from '../conversation-export.js'
import type { HeavyReads } from '../../http/heavy-reads.js'
import { mayUse, type Principal, type Scope } from '../../http/principal.js'
import { httpErrorFor } from '../../http/http-error.js'
import type { ViewSource } from '../../conversation/index.js'
import { messageLines } from '../message-export.js'
import { report, spanOf, type ReportsOptions } from '../reports.js'
import { Raw, route, type Route } from '../../http/route.js'
import { reportQuery, reportView, tableQuery } from '../schemas/report-view.js'

export interface ReportRoutesOptions extends ReportsOptions {
  readonly reads: HeavyReads
  readonly views: ViewSource
  readonly addressOf: (ctx: Context) => string
}

/** The routes for those who look after the whole: figures, and everything as a table. */
export function reportRoutes(options: ReportRoutesOptions): Route[] {
  const { store, now, addressOf, reads, views } = options
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
      query: tableQuery,
      response: new Raw('text/csv'),
      async handle({ query: { app, lang }, principal, ctx }) {
        mustBeNoPlainAgent(principal)
        const entry = {
          actor: principal,
          action: 'exported',
          target: 'conversations.csv',
          appId: app,
        } as const
        const table = await reads.export(
          principal,
          conversationsCsv(store, narrowed(principal, app), lang),
          () => writeAudit(store.db, now(), { ...entry, address: addressOf(ctx) }),
        )
        ctx.type = 'text/csv; charset=utf-8'
        ctx.set('Content-Disposition', 'attachment; filename="conversations.csv"')
        ctx.body = table
      },
    }),
    route({
      method: 'GET',
      path: '/messages.jsonl',
      summary: 'All messages of some days, one JSON object a line, each with its customer.',
      access: 'agent',
      query: reportQuery,
      response: new Raw('application/x-ndjson'),
      async handle({ query: { from, to, app }, principal, ctx }) {
        mustBeNoPlainAgent(principal)
        const { start, end, first, last } = await spanOf(options, { from, to })
        const entry = {
          actor: principal,
          action: 'exported',
          target: 'messages.jsonl',
          appId: app,
          detail: { from: first, to: last },
        } as const
        const lines = messageLines(views, { start, end, apps: narrowed(principal, app) })
        const stream = await reads.export(principal, lines, () =>
          writeAudit(store.db, now(), { ...entry, address: addressOf(ctx) }),
        )
        ctx.type = 'application/x-ndjson; charset=utf-8'
        ctx.set('Content-Disposition', `attachment; filename="messages-${first}-${last}.jsonl"`)
        ctx.body = stream
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
