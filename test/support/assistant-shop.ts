import { readFileSync } from 'node:fs'
import type { UserHandle } from '../../src/emulator/user-handle.js'
import { callControl } from '../../src/server/control-client.js'
import { ApiClient, type ApiAnswer } from './api-client.js'
import { startTestService, type TestService } from './test-service.js'

export const apiKey = 'test-key-of-the-assistant'

interface Shop {
  readonly entries: readonly { readonly title: string; readonly wordings: string[]; readonly text: string }[]
}
const fixture = new URL('../fixtures/shop-knowledge.json', import.meta.url)
const shop = JSON.parse(readFileSync(fixture, 'utf8')) as Shop

/** A service with a shop's knowledge, an assistant behind its rules, and the emulator's model. */
export interface AssistantShop {
  readonly service: TestService
  readonly api: ApiClient
  /** The ids of the entries, by their questions. */
  readonly ids: ReadonlyMap<string, number>
  user(openId: string): UserHandle
  /** The texts that a customer has been sent so far. */
  said(openId: string): string[]
  /** The latest conversation of a customer as the API shows it. */
  conversation(openId: string): Promise<ConversationBody>
  messages(openId: string): Promise<MessageBody[]>
  runs(): Promise<RunBody[]>
  publish(settings?: object): Promise<void>
  post(route: string, body?: object, params?: Record<string, string | number>): Promise<ApiAnswer>
}

export interface ConversationBody {
  readonly id: number
  readonly status: string
  readonly epoch: number
  readonly turn: { readonly state: string } | null
}
export interface MessageBody {
  readonly id: number
  readonly direction: string
  readonly author: string
  readonly content?: string
  readonly reason?: string
  readonly isAiMsg?: boolean
  readonly assistant?: { readonly kind: string | null; readonly runId: number }
}
export interface RunBody {
  readonly outcome: string
  readonly reason: string | null
  readonly detail: string | null
  readonly kind: string | null
  readonly calls: number
}

export interface ShopOptions {
  readonly environment?: Record<string, string>
  readonly entries?: number
  readonly settings?: object
  readonly withModel?: boolean
}

export async function openShop({
  environment = {},
  entries = shop.entries.length,
  settings = {},
  withModel = true,
}: ShopOptions = {}): Promise<AssistantShop> {
  const service = await startTestService({
    KEFU_API_KEY: apiKey,
    KEFU_ALLOW_PRIVATE_MODELS: 'loopback',
    ...environment,
  })
  const api = new ApiClient(service.url, apiKey)
  const { emulator } = service
  await callControl(service.config.dataDir, 'import-rules', {
    rules: [
      { name: '人工', when: { text: { equals: ['人工'] } }, then: [{ handoff: 'asked' }] },
      { name: '助手', when: {}, then: [{ assistant: '售前' }] },
    ],
  })
  const ids = new Map<string, number>()
  for (const entry of shop.entries.slice(0, entries)) {
    const { body } = await api.call('POST /knowledge/entries', { body: { entry } })
    ids.set(entry.title, (body as { entry: { id: number } }).entry.id)
  }
  if (withModel)
    await api.call('PUT /model', {
      body: {
        main: { preset: 'openai', url: `${emulator.url}/_model/v1`, model: 'fake', key: 'sk-planted-key' },
      },
    })
  const publish = async (change: object = {}): Promise<void> => {
    await api.call('PUT /assistants/:name', { params: { name: '售前' }, body: { ...settings, ...change } })
    await api.call('POST /assistants/:name/publish', { params: { name: '售前' } })
  }
  await publish()
  const conversation = async (openId: string): Promise<ConversationBody> => {
    const { body } = await api.call('GET /conversations', { query: { q: openId } })
    const [first] = (body as { items: ConversationBody[] }).items
    if (!first) throw new Error(`There is no conversation of ${openId}.`)
    return first
  }
  return {
    service,
    api,
    ids,
    publish,
    conversation,
    user: (openId) => emulator.user(openId),
    said: (openId) =>
      emulator
        .user(openId)
        .messages.filter(({ from }) => from === 'service')
        .map(({ content }) => ('content' in content ? content.content : content.msgType)),
    async messages(openId) {
      const { id } = await conversation(openId)
      const { body } = await api.call('GET /conversations/:id/messages', { params: { id } })
      return (body as { items: MessageBody[] }).items.toReversed()
    },
    async runs() {
      const runs: RunBody[] = []
      for (let id = 1; ; id++) {
        const answer = await api.call('GET /runs/:id', { params: { id } })
        if (answer.status !== 200) return runs
        runs.push(answer.body as RunBody)
      }
    },
    post: (route, body, params) =>
      api.call(`POST ${route}`, { ...(body && { body }), ...(params && { params }) }),
  }
}
