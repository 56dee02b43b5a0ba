import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ApiError, ConfigError, NetworkError } from '../errors.js'
import type { Commands } from '../conversation/index.js'
import { explainErrcode, splitText } from '../wechat/index.js'
import type { Apps } from '../apps/apps.js'
import type { Core, Runtime } from './core.js'

/** The outcome of one message; a long text is several. */
export interface SendOutcome {
  /** `queued`: it has not left yet. */
  readonly state: 'accepted' | 'unknown' | 'failed' | 'cancelled' | 'queued'
  readonly errcode: number | null
  /** WeChat's words, or ours where WeChat said nothing. */
  readonly problem: string | null
  readonly rid: string | null
}

/** The input of `kefu send`. */
export const sendInput = z.object({
  appId: z.string().optional(),
  openId: z.string().min(1),
  text: z.string().min(1),
})
export type SendInput = z.infer<typeof sendInput>

const POLL_MS = 50
const PATIENCE_MS = 20_000

/** Queues a text as any other message is, in the customer's conversation, and waits for what becomes of it. */
export async function sendQueued(
  input: SendInput,
  { store, apps }: Pick<Core, 'store' | 'apps'>,
  { commands, now, wait }: { commands: Commands } & Pick<Runtime, 'now' | 'wait'>,
): Promise<SendOutcome[]> {
  const appId = onlyApp(apps, input.appId)
  const conversation = await store.db
    .selectFrom('conversation')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select('conversation.id')
    .where('contact.app_id', '=', appId)
    .where('contact.open_id', '=', input.openId)
    .executeTakeFirst()
  if (!conversation)
    throw new ConfigError(
      `${appId} has no conversation with this OpenID: WeChat allows messages only after the customer wrote or entered.`,
    )
  const outcomes: SendOutcome[] = []
  for (const content of splitText(input.text)) {
    const options = { agentId: null, clientId: randomUUID() }
    const id = await commands.send(conversation.id, { msgType: 'text', content }, options)
    const outcome = await outcomeOf(id, now() + PATIENCE_MS)
    outcomes.push(outcome)
    if (outcome.state === 'failed') break
  }
  return outcomes

  async function outcomeOf(id: number, until: number): Promise<SendOutcome> {
    for (;;) {
      const { state, errcode, problem, rid } = await store.db
        .selectFrom('message')
        .select(['state', 'errcode', 'problem', 'rid'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      const underWay = state === null || state === 'queued' || state === 'sending'
      if (!underWay) return { state, errcode, problem, rid }
      if (now() > until) return { state: 'queued', errcode, problem, rid }
      await wait(POLL_MS)
    }
  }
}

/** Sends a text at once, when no server runs: nothing of it is kept. */
export async function sendDirectly(input: SendInput, apps: Apps): Promise<SendOutcome[]> {
  const appId = onlyApp(apps, input.appId)
  const api = apps.apiOf(appId)
  if (!api) throw new ConfigError(`${appId} was removed just now.`)
  const outcomes: SendOutcome[] = []
  for (const content of splitText(input.text)) {
    const outcome = await api
      .send(input.openId, { msgType: 'text', content })
      .then((): SendOutcome => ({ state: 'accepted', errcode: 0, problem: null, rid: null }), outcomeOfError)
    outcomes.push(outcome)
    if (outcome.state !== 'accepted') break
  }
  return outcomes
}

function outcomeOfError(error: unknown): SendOutcome {
  if (error instanceof ApiError)
    return { state: 'failed', errcode: error.errcode, problem: error.errmsg, rid: error.rid ?? null }
  if (error instanceof NetworkError)
    return {
      state: error.accepted === 'unknown' ? 'unknown' : 'failed',
      errcode: null,
      problem: error.message,
      rid: null,
    }
  throw error
}

/** The Mini Program that is meant. Throws ConfigError when it is not clear. */
function onlyApp(apps: Apps, appId: string | undefined): string {
  const known = apps.list.map((app) => app.appId)
  if (appId !== undefined) {
    if (known.includes(appId)) return appId
    throw new ConfigError(
      `There is no Mini Program ${appId} here. There ${known.length === 0 ? 'is none' : `are: ${known.join(', ')}`}.`,
    )
  }
  const [only, ...others] = known
  if (only === undefined)
    throw new ConfigError(
      'No Mini Program is configured: set WECHAT_APP_ID, WECHAT_APP_SECRET and WECHAT_TOKEN.',
    )
  if (others.length > 0)
    throw new ConfigError(`There are several Mini Programs; say which: --app ${known.join(' or --app ')}.`)
  return only
}

/** An outcome in words, in both languages. */
export function outcomeText({ state, errcode, problem, rid }: SendOutcome): string[] {
  const why = errcode === null || errcode === 0 ? undefined : explainErrcode(errcode)
  const said = [problem, rid === null ? null : `rid ${rid}`].filter((part) => part !== null).join(', ')
  switch (state) {
    case 'accepted':
      return ['✓ 微信已接收 · accepted by WeChat']
    case 'queued':
      return [
        `… 还在排队，服务会继续发送 · still queued, the service goes on${said === '' ? '' : ` (${said})`}`,
      ]
    case 'unknown':
      return [
        `? 结果未知：微信可能已收到，不会自动重发 · WeChat may have it; it is not sent again by itself${said === '' ? '' : ` (${said})`}`,
      ]
    case 'cancelled':
      return ['- 已取消 · cancelled']
    case 'failed':
      return [
        `✗ 发送失败 · failed${errcode === null ? '' : ` ${errcode}`}${said === '' ? '' : `: ${said}`}`,
        ...(why ? [`  ${why.zh}`, `  ${why.en}`] : []),
      ]
  }
}
