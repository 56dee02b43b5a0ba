import { isDeepStrictEqual } from 'node:util'
import type { Context } from 'koa'
import { z } from 'zod'
import { httpErrorFor, notFound } from '../../http/http-error.js'
import { mayUse, type Principal } from '../../http/principal.js'
import { route, type Route } from '../../http/route.js'
import { byId, listOf } from '../../http/schemas/list.js'
import type { Knowledge } from '../../knowledge/knowledge.js'
import { writeAudit } from '../../people/audit.js'
import type { ModelReason } from '../../protocol/model-reasons.js'
import type { Store } from '../../store/index.js'
import { assistantSettings } from '../assistant-settings.js'
import type { Assistant, Assistants } from '../assistants.js'
import type { Decider } from '../decider.js'
import type { CandidateNote, Decision } from '../decision.js'
import { readRun } from '../runs.js'
import {
  assistantVersionView,
  assistantView,
  byName,
  runView,
  triedView,
  tryInput,
} from '../schemas/assistant-view.js'

export interface AssistantRoutesOptions {
  readonly assistants: Assistants
  readonly decider: Decider
  readonly knowledge: Pick<Knowledge, 'entry'>
  readonly earnedMatchAt: () => number | null
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

const TRY_MS = 20_000

/** Assistants are those of all Mini Programs, as rules are: for those who see all. */
export function assistantRoutes({
  assistants,
  decider,
  knowledge,
  earnedMatchAt,
  store,
  now,
  addressOf,
}: AssistantRoutesOptions): Route[] {
  async function viewOf(assistant: Assistant): Promise<z.input<typeof assistantView>> {
    const live = assistants.live(assistant.name)
    return {
      name: assistant.name,
      draft: assistant.draft,
      liveVersion: assistant.liveVersion,
      isPublished: live !== undefined && isDeepStrictEqual(live.settings, assistant.draft),
      updatedAt: assistant.updatedAt,
      earnedMatchAt: earnedMatchAt(),
    }
  }
  const titled = (candidates: readonly CandidateNote[]) =>
    candidates.map((each) => ({ ...each, title: knowledge.entry(each.id)?.title ?? null }))

  return [
    route({
      method: 'GET',
      path: '/assistants',
      summary: 'The assistants that rules can leave messages to.',
      access: 'agent',
      response: listOf(assistantView),
      async handle({ principal }) {
        mustSeeAll(principal)
        return { items: await Promise.all((await assistants.list()).map(viewOf)), next: null }
      },
    }),
    route({
      method: 'PUT',
      path: '/assistants/:name',
      summary: 'Keeps settings to work on; they answer once they are published.',
      access: 'admin',
      params: byName,
      body: assistantSettings,
      response: assistantView,
      async handle({ params, body, principal }) {
        mustSeeAll(principal)
        return viewOf(await assistants.saveDraft(params.name, body))
      },
    }),
    route({
      method: 'POST',
      path: '/assistants/:name/publish',
      summary: 'Lets the settings that were worked on answer from now on.',
      access: 'admin',
      params: byName,
      response: assistantView,
      async handle({ params, principal, ctx }) {
        mustSeeAll(principal)
        const published = await assistants.publish(params.name, principal.name)
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'assistant_published',
          target: `assistant:${params.name}`,
          address: addressOf(ctx),
          detail: { version: published.liveVersion },
        })
        return viewOf(published)
      },
    }),
    route({
      method: 'GET',
      path: '/assistants/:name/versions',
      summary: 'What was published, newest first.',
      access: 'admin',
      params: byName,
      response: listOf(assistantVersionView),
      async handle({ params, principal }) {
        mustSeeAll(principal)
        return { items: await assistants.versions(params.name), next: null }
      },
    }),
    route({
      method: 'DELETE',
      path: '/assistants/:name',
      summary: 'Removes an assistant: what rules leave to it goes to people.',
      access: 'admin',
      params: byName,
      response: null,
      async handle({ params, principal }) {
        mustSeeAll(principal)
        await assistants.remove(params.name)
      },
    }),
    route({
      method: 'POST',
      path: '/assistants/:name/try',
      summary: 'Says what the settings that are worked on would answer, and why. Nothing is sent.',
      access: 'admin',
      params: byName,
      body: tryInput,
      response: triedView,
      async handle({ params, body: { says, appId }, principal }) {
        mustSeeAll(principal)
        const { draft } = await assistants.get(params.name)
        const decision = await decider.decide(draft, {
          appId: appId ?? '',
          asked: says.map((text) => ({ msgType: 'text', text })),
          history: [],
          mayAsk: true,
          signal: new AbortController().signal,
          withinMs: TRY_MS,
        })
        return { ...effortOf(decision, titled(decision.candidates)), ...saidBy(decision) }
      },
    }),
    route({
      method: 'GET',
      path: '/runs/:id',
      summary: 'How an answer came about: what was found, how surely, and what it took.',
      access: 'agent',
      params: byId,
      response: runView,
      async handle({ params, principal }) {
        const run = await readRun(store, params.id)
        const contact =
          run &&
          (await store.db
            .selectFrom('conversation')
            .innerJoin('contact', 'contact.id', 'conversation.contact_id')
            .select('contact.app_id')
            .where('conversation.id', '=', run.conversationId)
            .executeTakeFirst())
        if (!run || !contact || !mayUse(principal, contact.app_id)) throw notFound()
        return { ...run, detail: run.detail as ModelReason | null, candidates: titled(run.candidates) }
      },
    }),
  ]
}

function effortOf<T>(decision: Decision, candidates: T) {
  const { calls, tokensIn, tokensOut, model, firstTokenMs, totalMs, detail } = decision
  return { candidates, calls, tokensIn, tokensOut, model, firstTokenMs, totalMs, detail }
}

function saidBy(decision: Decision): Pick<z.input<typeof triedView>, 'kind' | 'how' | 'text' | 'reason'> {
  switch (decision.kind) {
    case 'entry':
      return { kind: 'answer', how: decision.how, text: decision.entry.text, reason: null }
    case 'words':
      return { kind: 'answer', how: 'words', text: decision.text, reason: null }
    case 'handoff':
      return { kind: 'handoff', how: null, text: decision.words, reason: decision.reason }
    case 'silence':
    case 'aborted':
      return { kind: 'silence', how: null, text: null, reason: null }
  }
}

function mustSeeAll({ apps }: Principal): void {
  if (apps !== 'all')
    throw httpErrorFor(
      'exams_of_all',
      'forbidden',
      'Assistants are those of all Mini Programs, and not all are yours.',
    )
}
