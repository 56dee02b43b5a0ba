import type { Context } from 'koa'
import { z } from 'zod'
import { HttpError, httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { writeAudit } from '../../people/audit.js'
import type { Principal } from '../../http/principal.js'
import { ConfigError } from '../../errors.js'
import { nextChange, scheduleHours, zoneClock } from '../business-hours.js'
import { scheduleSchema } from '../rule-set.js'
import type { Store } from '../../store/index.js'
import { RulesChangedError, type RuleBook } from '../rule-book.js'
import { expectedVersion } from './rule-routes.js'

export interface HoursRoutesOptions {
  readonly rules: RuleBook
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

const businessHours = z.object({
  schedules: z.array(scheduleSchema),
  /** How they stand now, in the same order. */
  states: z.array(
    z.object({
      name: z.string(),
      open: z.boolean(),
      /** When it opens or closes next; null when it does neither for two months. */
      changesAt: z.int().nullable(),
    }),
  ),
})

/** Throws HttpError where somebody may see some Mini Programs only. */
function mustSeeAll({ apps }: Principal): void {
  if (apps !== 'all')
    throw httpErrorFor(
      'hours_of_all',
      'forbidden',
      'Business hours are those of all Mini Programs, and not all are yours.',
    )
}

/** Business hours by names, which rules use. */
export function hoursRoutes({ rules, store, now, addressOf }: HoursRoutesOptions): Route[] {
  function answer(ctx: Context): z.input<typeof businessHours> {
    const schedules = rules.set.schedules ?? []
    ctx.set('etag', `"${rules.schedulesVersion}"`)
    return {
      schedules,
      states: schedules.map((schedule) => ({
        name: schedule.name,
        open: scheduleHours(schedule, zoneClock(schedule.zone))(now()).open,
        changesAt: nextChange(schedule, now()),
      })),
    }
  }

  return [
    route({
      method: 'GET',
      path: '/business-hours',
      summary: 'Business hours by names, which rules use, and how they stand now; the ETag is their version.',
      access: 'agent',
      response: businessHours,
      async handle({ principal, ctx }) {
        mustSeeAll(principal)
        return answer(ctx)
      },
    }),
    route({
      method: 'PUT',
      path: '/business-hours',
      summary:
        'Puts these business hours in the place of all others; with If-Match (an ETag) only where nobody has changed them since.',
      access: 'admin',
      body: z.strictObject({ schedules: z.array(z.unknown()) }),
      response: businessHours,
      async handle({ body: { schedules }, principal, ctx }) {
        mustSeeAll(principal)
        await rules.replaceSchedules(schedules, expectedVersion(ctx)).catch((error: unknown) => {
          if (error instanceof RulesChangedError)
            throw httpErrorFor(
              'hours_changed',
              'conflict',
              'Somebody else has changed the business hours since you read them, and nothing was saved. Read them again.',
            )
          if (error instanceof ConfigError) throw new HttpError('invalid', error.message, {}, error.refusal)
          throw error
        })
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'rules_changed',
          address: addressOf(ctx),
          detail: { schedules: schedules.length },
        })
        return answer(ctx)
      },
    }),
  ]
}
