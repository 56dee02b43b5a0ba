import type { Context } from 'koa'
import { z } from 'zod'
import { httpErrorFor } from '../../http/http-error.js'
import type { Principal } from '../../http/principal.js'
import { route, type Route } from '../../http/route.js'
import { listOf } from '../../http/schemas/list.js'
import { writeAudit } from '../../people/audit.js'
import { modelPresets } from '../../protocol/model-reasons.js'
import type { Store } from '../../store/index.js'
import { checkModel } from '../model-check.js'
import { providerRanks, type ProviderRank, type ProviderSettings } from '../model-settings.js'
import type { Models } from '../models.js'
import { presets } from '../presets.js'
import { checkView, modelInput, modelView, spendingView, type ProviderInput } from '../schemas/model-view.js'
import type { Spending } from '../spending.js'

export interface ModelRoutesOptions {
  readonly models: Models
  readonly spending: Pick<Spending, 'days'>
  readonly dailyTokens: number
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

const DAYS = 200

/** The model that assistants ask: for admins who see all Mini Programs. */
export function modelRoutes({
  models,
  spending,
  dailyTokens,
  store,
  now,
  addressOf,
}: ModelRoutesOptions): Route[] {
  function view(): z.input<typeof modelView> {
    const { source, providers } = models.settings
    return {
      source,
      main: shown(providers.main),
      fallback: shown(providers.fallback),
      failing: models.failing ?? null,
      dailyTokens,
      presets: modelPresets.map((name) => ({ name, url: presets[name].base })),
    }
  }
  /** What was typed in; a key that was not typed again is the one before, at the same address only. */
  function settingsOf(rank: ProviderRank, input: ProviderInput | null): ProviderSettings | undefined {
    if (input === null) return undefined
    const { key, ...rest } = input
    const before = models.settings.providers[rank]
    const kept = before?.url === input.url ? before.key : undefined
    return { ...rest, key: key === undefined ? kept : (key ?? undefined) }
  }

  return [
    route({
      method: 'GET',
      path: '/model',
      summary: 'The models that are set up, without their keys.',
      access: 'admin',
      response: modelView,
      async handle({ principal }) {
        mustSeeAll(principal)
        return view()
      },
    }),
    route({
      method: 'PUT',
      path: '/model',
      summary: 'Sets the models up; a key that is not given stays as it was, unless the address is another.',
      access: 'admin',
      body: modelInput,
      response: modelView,
      async handle({ body, principal, ctx }) {
        mustSeeAll(principal)
        const [main, fallback] = [settingsOf('main', body.main), settingsOf('fallback', body.fallback)]
        await models.save({ ...(main && { main }), ...(fallback && { fallback }) })
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'model_changed',
          address: addressOf(ctx),
          detail: { models: providerRanks.flatMap((rank) => models.settings.providers[rank]?.model ?? []) },
        })
        return view()
      },
    }),
    route({
      method: 'POST',
      path: '/model/check',
      summary:
        'Asks the model one question and says what was found: whether it answers, thinks, and how fast.',
      access: 'admin',
      body: z.strictObject({ rank: z.enum(providerRanks).default('main') }),
      response: checkView,
      async handle({ body, principal }) {
        mustSeeAll(principal)
        return checkModel(models, body.rank)
      },
    }),
    route({
      method: 'GET',
      path: '/model/spending',
      summary: 'The tokens of the last days, newest first.',
      access: 'admin',
      response: listOf(spendingView),
      async handle({ principal }) {
        mustSeeAll(principal)
        return { items: await spending.days(DAYS), next: null }
      },
    }),
  ]
}

function shown(settings: ProviderSettings | undefined): z.input<typeof modelView>['main'] {
  if (!settings) return null
  const { preset, url, model, key } = settings
  return { preset, url, model, hasKey: key !== undefined }
}

function mustSeeAll({ apps }: Principal): void {
  if (apps !== 'all')
    throw httpErrorFor(
      'exams_of_all',
      'forbidden',
      'The model is that of all Mini Programs, and not all are yours.',
    )
}
