import type { ModelReason } from '../protocol/model-reasons.js'
import type { ChatMessage } from './chat.js'
import { readJsonAnswer } from './json-answer.js'
import type { ProviderRank } from './model-settings.js'
import type { Models } from './models.js'

/** What was found about a model. */
export interface ModelCheck {
  readonly ok: boolean
  readonly reason: ModelReason | null
  readonly thinks: boolean | null
  readonly json: boolean | null
  readonly firstTokenMs: number | null
  readonly totalMs: number | null
}

const question: readonly ChatMessage[] = [
  {
    role: 'system',
    content:
      '只输出一个 JSON 对象：{"action":"select","entry":"E1"} 或 {"action":"handoff","reason":"not_known"}。\n<<entries:check>>\n[{"id":"E1","title":"什么时候发货","text":"付款后 48 小时内发货。"}]\n<<end:check>>',
  },
  { role: 'user', content: '什么时候发货' },
]

/** Asks a model what every model can answer, and says what it showed by it. */
export async function checkModel(models: Pick<Models, 'check'>, rank: ProviderRank): Promise<ModelCheck> {
  const answer = await models.check(rank, question)
  const nothing = { thinks: null, json: null, firstTokenMs: null, totalMs: null }
  if (!answer) return { ok: false, reason: 'not_configured', ...nothing }
  if (!answer.ok) return { ok: false, reason: answer.reason, ...nothing }
  const { text, thought, firstTokenMs, totalMs } = answer
  return {
    ok: true,
    reason: null,
    thinks: thought,
    json: readJsonAnswer(text) !== undefined,
    firstTokenMs,
    totalMs,
  }
}
