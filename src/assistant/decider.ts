import type { Candidate, Knowledge, Searched } from '../knowledge/knowledge.js'
import type { KnowledgeEntry } from '../knowledge/knowledge-entry.js'
import { sureMatch } from '../knowledge/sure-match.js'
import type { EntryVectors, Near } from '../knowledge/vectors/entry-vectors.js'
import { mergedRanks } from '../knowledge/vectors/merged-ranks.js'
import type { ChatMessage } from '../model/chat.js'
import { readJsonAnswer } from '../model/json-answer.js'
import type { Models } from '../model/models.js'
import type { AssistantReason } from '../protocol/turns.js'
import type { AssistantSettings } from './assistant-settings.js'
import { noEffort, notesOf, type Decision, type Effort } from './decision.js'
import { entryId, parseModelAnswer, type ModelAnswer } from './model-answer.js'
import { Placeholders } from './personal-data.js'
import { promptFor, type HistoryLine } from './prompt.js'
import { shortcutFor, type Asked } from './shortcuts.js'

/** A customer's question, with all that an assistant knows of it. */
export interface Question {
  readonly appId: string
  readonly asked: readonly Asked[]
  readonly history: readonly HistoryLine[]
  /** Whether it may ask a model: a customer has so many answers a day. */
  readonly mayAsk: boolean
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds. */
  readonly withinMs: number
}

export interface DeciderOptions {
  readonly knowledge: Pick<Knowledge, 'search' | 'overview' | 'entry'>
  readonly models: Pick<Models, 'chat' | 'isReady'>
  /** Finds entries by their meaning, where there are embeddings. */
  readonly vectors?: Pick<EntryVectors, 'near'> | undefined
  /** From which sureness on the exam has shown that nothing wrong is sent; null: from none. */
  readonly earnedMatchAt: () => number | null
  /** Whether people are there, by the business hours of a name. */
  readonly isOpen: (schedule: string) => boolean
  readonly now: () => number
  /** Marks where data begins and ends in prompts. */
  readonly fence: string
}

/** Below this an entry has nothing to do with the question: asking a model would only cost. */
const GATE = 0.15
const SHOWN = 8
/** The same of an entry that is found by its meaning: models say less of what has nothing to do with each other. */
const SIMILAR = 0.4
/** A customer waits: what takes longer is done without. */
const EMBEDDING_MS = 1500
const TITLES = 300
const LIKELIEST = 100
const ANSWER_TOKENS = 120
const MOST_CALLS = 3

/** Decides what an assistant says to a question. Nothing is sent or kept by it. */
export class Decider {
  readonly #options: DeciderOptions

  constructor(options: DeciderOptions) {
    this.#options = options
  }

  async decide(settings: AssistantSettings, question: Question): Promise<Decision> {
    const { asked, history } = question
    const before = {
      asked: history.flatMap(({ by, text }) => (by === 'customer' ? [text] : [])),
      endsWithAnswer: history.at(-1)?.by === 'bot',
    }
    const shortcut = shortcutFor(asked, before, settings.topics)
    switch (shortcut?.kind) {
      case 'thanks':
        return settings.words.thanks === null
          ? { ...noEffort, kind: 'silence' }
          : { ...noEffort, kind: 'words', text: settings.words.thanks }
      case 'greeting':
        return { ...noEffort, kind: 'words', text: settings.words.greeting }
      case 'handoff':
        return this.#handoff(settings, shortcut.reason, noEffort)
      case undefined:
        return this.#ask(settings, question)
    }
  }

  async #ask(settings: AssistantSettings, question: Question): Promise<Decision> {
    const { knowledge, models, now } = this.#options
    const text = question.asked.map((each) => each.text ?? '').join('\n')
    const searched = { appId: question.appId, audience: 'customer', at: now() } as const
    const byWords = knowledge.search(text, { ...searched, most: SHOWN })
    const found: Effort = { ...noEffort, candidates: notesOf(byWords, undefined) }
    const isNear = (byWords[0]?.confidence ?? 0) >= GATE
    const match = isNear ? this.#match(settings, question, byWords) : undefined
    if (match) return matched(match, byWords, found)
    const mayAsk = settings.level === 'select' && question.mayAsk && models.isReady
    const byMeaning = mayAsk ? await this.#byMeaning(text, question, searched) : []
    if (!isNear && (byMeaning[0]?.similarity ?? 0) < SIMILAR)
      return this.#handoff(settings, 'no_entry', found)
    if (settings.level === 'match') return this.#handoff(settings, 'not_known', found)
    if (!question.mayAsk) return this.#handoff(settings, 'assistant_limit', found)
    if (!models.isReady)
      return this.#handoff(settings, 'assistant_failed', { ...found, detail: 'not_configured' })
    const candidates = mergedRanks(byWords, byMeaning, SHOWN)
    const all = knowledge.overview(text, { ...searched, most: TITLES })
    const overview = all.length < TITLES ? all : knowledge.overview(text, { ...searched, most: LIKELIEST })
    const shown = candidates.map(({ entry }) => entry)
    return this.#select(settings, question, candidates, [
      ...overview,
      ...shown.filter(({ id }) => !overview.some((entry) => entry.id === id)),
    ])
  }

  /** What is near by its meaning; nothing where there are no embeddings, or they take too long. */
  async #byMeaning(
    text: string,
    { appId, signal, withinMs }: Question,
    searched: Pick<Searched, 'appId' | 'audience' | 'at'>,
  ): Promise<readonly Near[]> {
    const { vectors } = this.#options
    if (!vectors) return []
    // As in a prompt: nobody's phone or card number leaves the house.
    const hidden = new Placeholders().hide(text)
    const within = { appId, signal, withinMs: Math.min(EMBEDDING_MS, withinMs) }
    return vectors.near(hidden, { ...searched, most: SHOWN }, within)
  }

  /** What is sure enough to be sent unasked: only where nothing before it gives it another sense. */
  #match(
    { matchAt }: AssistantSettings,
    { history }: Question,
    candidates: readonly Candidate[],
  ): Candidate | undefined {
    const earned = this.#options.earnedMatchAt()
    if (matchAt === null || earned === null || history.length > 0) return undefined
    return sureMatch(candidates, Math.max(matchAt, earned))
  }

  async #select(
    settings: AssistantSettings,
    question: Question,
    candidates: readonly Candidate[],
    overview: readonly KnowledgeEntry[],
  ): Promise<Decision> {
    const { models, fence } = this.#options
    const placeholders = new Placeholders()
    const shown = new Map(candidates.map(({ entry }) => [entry.id, entry]))
    let effort: Effort = { ...noEffort, candidates: notesOf(candidates, undefined) }
    let mayRead = true
    let repair: ChatMessage[] = []
    let isRepaired = false
    for (let call = 0; call < MOST_CALLS; call++) {
      const messages = promptFor({
        settings,
        overview,
        shown: [...shown.values()],
        history: question.history,
        asked: question.asked.flatMap(({ text }) => text ?? []),
        placeholders,
        fence,
        mayRead,
      })
      const answer = await models.chat({
        appId: question.appId,
        messages: [...messages, ...repair],
        maxTokens: ANSWER_TOKENS,
        signal: question.signal,
        withinMs: question.withinMs - effort.totalMs,
      })
      effort = addedTo(effort, answer)
      if (!answer.ok) {
        if (answer.reason === 'aborted') return { ...effort, kind: 'aborted' }
        // What is sure by its words went out before anybody was asked.
        return this.#handoff(settings, 'assistant_failed', effort)
      }
      const wanted = parseModelAnswer(readJsonAnswer(answer.text))
      if (wanted?.action === 'handoff') return this.#handoff(settings, wanted.reason, effort)
      if (wanted?.action === 'select') {
        const entry = overview.find(({ id }) => String(id) === entryId(wanted.entry))
        if (entry) return selected(entry, candidates, effort)
      }
      if (wanted?.action === 'read' && mayRead) {
        mayRead = false
        for (const entry of readable(wanted, overview)) shown.set(entry.id, entry)
        continue
      }
      if (isRepaired) break
      isRepaired = true
      repair = [
        { role: 'assistant', content: answer.text.slice(0, 500) },
        { role: 'user', content: '这个输出不能用。只输出一个 JSON 对象，entry 用上面资料里的编号。' },
      ]
    }
    return this.#handoff(settings, 'not_known', { ...effort, detail: 'not_json' })
  }

  #handoff(settings: AssistantSettings, reason: AssistantReason, effort: Effort): Decision {
    const { handover, handoverClosed } = settings.words
    const isOpen = settings.schedule === null || this.#options.isOpen(settings.schedule)
    return { ...effort, kind: 'handoff', reason, words: isOpen ? handover : handoverClosed }
  }
}

function matched({ entry }: Candidate, candidates: readonly Candidate[], effort: Effort): Decision {
  return { ...effort, candidates: notesOf(candidates, entry.id), kind: 'entry', how: 'match', entry }
}

function selected(entry: KnowledgeEntry, candidates: readonly Candidate[], effort: Effort): Decision {
  const notes = notesOf(candidates, entry.id)
  // One that was chosen by its title alone was not among the likeliest.
  const all = notes.some(({ isChosen }) => isChosen)
    ? notes
    : [...notes, { id: entry.id, version: entry.version, confidence: 0, isChosen: true }]
  return { ...effort, candidates: all, kind: 'entry', how: 'select', entry }
}

function readable(
  { entries }: Extract<ModelAnswer, { action: 'read' }>,
  overview: readonly KnowledgeEntry[],
): KnowledgeEntry[] {
  const ids = new Set(entries.map(entryId))
  return overview.filter(({ id }) => ids.has(String(id))).slice(0, SHOWN)
}

function addedTo(effort: Effort, answer: Awaited<ReturnType<Models['chat']>>): Effort {
  return {
    ...effort,
    calls: effort.calls + answer.calls,
    tokensIn: effort.tokensIn + answer.tokensIn,
    tokensOut: effort.tokensOut + answer.tokensOut,
    model: answer.model ?? effort.model,
    firstTokenMs: effort.firstTokenMs ?? (answer.ok ? answer.firstTokenMs : null),
    totalMs: effort.totalMs + answer.totalMs,
    detail: answer.ok ? null : answer.reason,
  }
}
