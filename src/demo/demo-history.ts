import { Bot, newRun, type Sender } from '../bot/index.js'
import {
  answersOf,
  Commands,
  everyShard,
  PushHandler,
  type AllowanceRules,
  type ConversationActions,
} from '../conversation/index.js'
import { CannedReplies } from '../desk/canned-replies.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { restorePush } from '../wechat/index.js'
import type { Handlers } from '../server/bot-module.js'
import { openAgents } from '../server/people.js'
import {
  demoAgents,
  demoCannedReplies,
  demoScenes,
  type DemoAgent,
  type Line,
  type Scene,
} from './demo-scenes.js'

export interface HistoryOptions {
  readonly store: Store
  readonly appId: string
  readonly handlers: Handlers
  readonly allowance: AllowanceRules
  readonly logger: Logger
  readonly now: () => number
}

/**
 * Plays the shop's last days into an empty database with the service's own parts, at the hours when it would have
 * happened; only what WeChat would have said is made up. Gives the id of the agent whose desk it is.
 */
export async function playHistory(options: HistoryOptions): Promise<number> {
  const { store, appId, allowance, logger } = options
  const start = options.now()
  let clock = start
  const now = (): number => clock
  const agents = await addAgents(store, now)
  await addCannedReplies(store, now)

  const bot = new Bot<ConversationActions>({ api: nobody })
  await options.handlers(bot)
  const parts = { store, allowance, logger, now, shards: everyShard, onQueued: () => undefined }
  const handling = new PushHandler({ store, allowance, shards: parts.shards, logger, now, bot })
  const commands = new Commands({ store, allowance, now, onQueued: parts.onQueued })
  const conversations = new Map<string, number>()
  let pushes = 0

  for (const { scene, line } of inOrder(demoScenes)) {
    clock = start - line.at * 60_000
    const payload = payloadOf(line)
    if (payload) await receive(scene, payload)
    else await act(await conversationOf(scene), line)
    if (!('outcome' in line)) await acceptAll(store)
  }
  clock = start
  await Promise.all(demoScenes.map(describe))
  return idOf('林小满')

  async function receive({ openId }: Scene, payload: object): Promise<void> {
    const envelope = { ToUserName: 'gh_demo', FromUserName: openId, CreateTime: Math.floor(clock / 1000) }
    const msgId = `2387000000${String(++pushes).padStart(7, '0')}`
    const plaintext = JSON.stringify({ ...envelope, ...payload, MsgId: msgId })
    const push = restorePush({ appId, plaintext })
    const row = { dedupeKey: push.id, appId, openId, format: push.format, plaintext, receivedAt: clock }
    const { id } = await store.pushes.append(row)
    await answersOf(handling, [{ pushId: id, push, receivedAt: clock, run: { ...newRun(), answered: true } }])
  }

  async function act(conversationId: number, line: Line): Promise<void> {
    if ('takes' in line) {
      const agentId = idOf(line.takes)
      await commands.change(conversationId, { type: 'take', agentId }, { agentId })
    } else if ('replies' in line) {
      const clientId = String(line.at)
      const options = { agentId: idOf(line.by), clientId }
      await commands.send(conversationId, { msgType: 'text', content: line.replies }, options)
    } else if ('notes' in line) await commands.note(conversationId, line.notes, { agentId: idOf(line.by) })
    else if ('closes' in line)
      await commands.change(conversationId, { type: 'close' }, { agentId: idOf(line.closes) })
    else if ('releases' in line)
      await commands.change(conversationId, { type: 'release' }, { agentId: idOf(line.releases) })
    else if ('outcome' in line) await settle(store, conversationId, line.outcome)
  }

  async function describe(scene: Scene): Promise<void> {
    const id = await conversationOf(scene)
    const { name, remark, tags = [] } = scene
    if (name !== undefined || remark !== undefined) await commands.describe(id, { name, remark })
    if (tags.length > 0) await commands.setTags(id, tags)
  }

  async function conversationOf({ openId }: Scene): Promise<number> {
    const known = conversations.get(openId)
    if (known !== undefined) return known
    const { id } = await store.db
      .selectFrom('conversation')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select('conversation.id')
      .where('contact.open_id', '=', openId)
      .executeTakeFirstOrThrow()
    conversations.set(openId, id)
    return id
  }

  function idOf(name: DemoAgent): number {
    const id = agents.get(name)
    if (id === undefined) throw new Error(`the demo has no agent ${name}`)
    return id
  }
}

/** All that happened, oldest first. */
function inOrder(scenes: readonly Scene[]): { scene: Scene; line: Line }[] {
  return scenes
    .flatMap((scene) => scene.lines.map((line) => ({ scene, line })))
    .sort((a, b) => b.line.at - a.line.at)
}

/** A customer's line in WeChat's words; undefined for what people at the desk did. */
function payloadOf(line: Line): object | undefined {
  if ('enters' in line) return { MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: line.enters }
  if ('says' in line) return { MsgType: 'text', Content: line.says }
  if ('shows' in line)
    return {
      MsgType: 'miniprogrampage',
      Title: line.shows.title,
      PagePath: line.shows.pagePath,
      AppId: '',
      ThumbUrl: '',
      ThumbMediaId: '',
    }
  return undefined
}

async function addAgents(store: Store, now: () => number): Promise<Map<DemoAgent, number>> {
  const { agents } = openAgents({ store, now })
  const ids = new Map<DemoAgent, number>()
  for (const { name, role } of demoAgents) {
    // Nobody knows the password: the demo's desk is entered by its own address.
    const password = crypto.randomUUID()
    const { id } = await agents.add({ name, role, apps: 'all', password }, { actor: { kind: 'command' } })
    ids.set(name, id)
  }
  return ids
}

async function addCannedReplies(store: Store, now: () => number): Promise<void> {
  const cannedReplies = new CannedReplies({ store, now })
  for (const reply of demoCannedReplies) await cannedReplies.add({ ...reply, appId: null }, { apps: 'all' })
}

/** WeChat accepted what was queued. */
async function acceptAll(store: Store): Promise<void> {
  await store.db
    .updateTable('message')
    .set((eb) => ({ state: 'accepted', attempts: 1, sent_at: eb.ref('created_at') }))
    .where('state', '=', 'queued')
    .execute()
}

/** Notes the outcome of the last reply. */
async function settle(
  store: Store,
  conversationId: number,
  outcome: Extract<Line, { outcome: unknown }>['outcome'],
): Promise<void> {
  const { id } = await store.db
    .selectFrom('message')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .where('direction', '=', 'outgoing')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  await store.db
    .updateTable('message')
    .set(
      outcome === 'unknown'
        ? { state: 'unknown', problem: 'network:unknown' }
        : { state: 'failed', errcode: outcome.errcode, problem: outcome.errmsg },
    )
    .where('id', '=', id)
    .execute()
}

/** The past needs nobody who sends. */
const nobody = (): Sender => {
  throw new Error('nothing of the past is sent')
}
