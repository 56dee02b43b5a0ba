import { expect, it } from 'vitest'
import type { ComposerEvent, Effect, KeptDraft } from './events.js'
import { canPutBack, hasUnkept } from './look.js'
import { step, type Step } from './machine.js'
import { emptyComposer, type ComposerState } from './state.js'

const contact = 'wx1/one'
const problem = { code: 'not_yours', message: '', detail: {} }

/** A page of an agent who has the conversation, with everything that it asks for so far. */
function page(): { state: ComposerState; asked: Effect[]; send: (event: ComposerEvent) => Effect[] } {
  const self = {
    state: emptyComposer('tab'),
    asked: [] as Effect[],
    send(event: ComposerEvent): Effect[] {
      const { state, effects } = step(self.state, event)
      self.state = state
      self.asked.push(...effects)
      return [...effects]
    },
  }
  self.send({ type: 'entered', writer: { databaseId: 'db', agentId: 1 }, canKeep: true })
  self.send({ type: 'loaded', drafts: [], submits: [], liveTabs: [], now: 0 })
  const seen = { conversationId: 7, status: 'assigned', isMine: true, ownerName: '', isOpen: true } as const
  self.send({ type: 'seen', contact, seen })
  self.send({ type: 'looked', contact })
  return self
}
const types = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type)
const type = (text: string): ComposerEvent => ({ type: 'typed', contact, kind: 'reply', text })
const submit: ComposerEvent = {
  type: 'submitted',
  contact,
  kind: 'reply',
  what: 'box',
  now: 0,
  holdSeconds: 0,
}
const kept = (effects: readonly Effect[]): ComposerEvent => {
  const keep = effects.find((effect) => effect.type === 'keep')
  if (!keep) throw new Error('Nothing was kept.')
  return { type: 'kept', id: keep.record.draft.id, stamp: keep.stamp, isGone: false }
}

it('lets a kept reply go only when the note that was made of it is kept', () => {
  const { send } = page()
  send(kept(send(type('写错了地方'))))
  const made = send({ type: 'madeNote', contact })
  expect(types(made)).toEqual(['keep'])
  expect(types(send(kept(made)))).toEqual(['unkeep'])
})

it('lets a kept draft go only with the submit that was made of it', () => {
  const { send } = page()
  send(kept(send(type('您好'))))
  const [keepSubmit, ...others] = send(submit)
  expect(types(others)).toEqual(['post'])
  expect(keepSubmit?.type === 'keepSubmit' && types(keepSubmit.then)).toEqual(['unkeep'])
})

it('puts back what was refused before what has been written since, and never what may have arrived', () => {
  const self = page()
  self.send(type('第一句'))
  const post = self.send(submit).find((effect) => effect.type === 'post')
  const which = { name: post?.submit.name ?? '', item: post?.item.id ?? '' }
  self.send(type('第二句'))
  self.send({ type: 'refused', ...which, problem, isSignedOut: false })
  self.send({ type: 'putBack', name: which.name })
  expect(self.state.boxes[contact]?.reply.draft.text).toBe('第一句\n第二句')
  expect(self.state.submits).toEqual([])

  const next = self.send(submit).find((effect) => effect.type === 'post')
  const name = next?.submit.name ?? ''
  self.send({ type: 'cutOff', name, item: next?.item.id ?? '', problem, mayHave: true, now: 1e9 })
  self.send({ type: 'putBack', name })
  expect(self.state.submits.map(({ state, isUnsure }) => [state, isUnsure])).toEqual([['stopped', true]])
  expect(self.state.boxes[contact]?.reply.draft.text).toBe('')
})

it('gives back of a long text only the parts that the service does not have, each character once', () => {
  const self = page()
  const long = `${'一'.repeat(650)}。\n${'二'.repeat(300)}`
  self.send(type(long))
  const first = self.send(submit).find((effect) => effect.type === 'post')
  const name = first?.submit.name ?? ''
  const second = self
    .send({ type: 'answered', name, item: first?.item.id ?? '' })
    .find((effect) => effect.type === 'post')
  self.send({ type: 'refused', name, item: second?.item.id ?? '', problem, isSignedOut: false })
  self.send({ type: 'putBack', name })
  const sent = first?.item.type === 'text' ? first.item.text : ''
  expect(`${sent}\n${self.state.boxes[contact]?.reply.draft.text ?? ''}`).toBe(long)
})

it('takes an answer about the draft before its submit for none about the one that is put back', () => {
  const self = page()
  const early = kept(self.send(type('一')))
  self.send(type('一二'))
  const post = self.send(submit).find((effect) => effect.type === 'post')
  const which = { name: post?.submit.name ?? '', item: post?.item.id ?? '' }
  self.send({ type: 'refused', ...which, problem, isSignedOut: false })
  const back = self.send({ type: 'putBack', name: which.name })
  expect(types(self.send(early))).toEqual([])
  expect(types(self.send(kept(back)))).toEqual(['forgetSubmit', 'unkeep'])
})

/** The writer's page once more, with what it could not keep, in the same database. */
function carriedOn(state: ComposerState, loaded: Partial<Extract<ComposerEvent, { type: 'loaded' }>>): Step {
  const writer = state.writer ?? { databaseId: 'db', agentId: 1 }
  const next = step({ ...state, tab: 'next', named: 0 }, { type: 'entered', writer, canKeep: true })
  return step(next.state, { type: 'loaded', drafts: [], submits: [], liveTabs: [], now: 0, ...loaded })
}
const draftOf = (effects: readonly Effect[]): KeptDraft & { stamp: string } => {
  const keep = effects.find((effect) => effect.type === 'keep')
  if (!keep) throw new Error('Nothing was kept.')
  return { ...keep.record, stamp: keep.stamp }
}
const notKept = ({ draft, stamp }: ReturnType<typeof draftOf>): ComposerEvent => ({
  type: 'notKept',
  id: draft.id,
  stamp,
})

it('carries what a full browser did not keep over a second end of the session too', () => {
  const self = page()
  self.send(notKept(draftOf(self.send(type('写到一半')))))
  const { state } = step(self.state, { type: 'ended' })
  const writer = { databaseId: 'db', agentId: 1 }
  const opening = step({ ...state, tab: 'next', named: 0 }, { type: 'entered', writer, canKeep: true })
  expect(hasUnkept(opening.state)).toBe(true)
})

it('does not offer a page its own earlier text as another tab’s when it goes on', () => {
  const self = page()
  const first = draftOf(self.send(type('写')))
  self.send({ type: 'kept', id: first.draft.id, stamp: first.stamp, isGone: false })
  self.send(notKept(draftOf(self.send(type('写到一半')))))
  const { state, effects } = carriedOn(self.state, { drafts: [first] })
  expect(state.boxes[contact]?.spares).toEqual([])
  expect(state.boxes[contact]?.reply.draft.text).toBe('写到一半')
  expect(effects).toMatchObject([{ type: 'keep', over: first.stamp }])
})

it('does not put into the box what was submitted while the browser was full', () => {
  const self = page()
  const first = draftOf(self.send(type('您好')))
  self.send({ type: 'kept', id: first.draft.id, stamp: first.stamp, isGone: false })
  self.send(submit)
  self.send({ type: 'submitNotKept' })
  const { state, effects } = carriedOn(self.state, { drafts: [first] })
  expect(state.boxes[contact]?.reply.draft.text).toBe('')
  expect(state.submits).toHaveLength(1)
  expect(effects).toMatchObject([{ type: 'keepSubmit', then: [{ type: 'unkeep', over: first.stamp }] }])
})

it('lets the draft of a message go when that has arrived, though a full browser kept no submit', () => {
  const self = page()
  const first = draftOf(self.send(type('您好')))
  self.send({ type: 'kept', id: first.draft.id, stamp: first.stamp, isGone: false })
  const post = self.send(submit).find((effect) => effect.type === 'post')
  self.send({ type: 'submitNotKept' })
  const effects = self.send({
    type: 'answered',
    name: post?.submit.name ?? '',
    item: post?.item.id ?? '',
  })
  expect(effects).toMatchObject([{ type: 'forgetSubmit' }, { type: 'unkeep', over: first.stamp }])
})

it('does not take up again what was put back into a box that a full browser did not keep', () => {
  const self = page()
  self.send(type('一'))
  const post = self.send(submit).find((effect) => effect.type === 'post')
  const which = { name: post?.submit.name ?? '', item: post?.item.id ?? '' }
  self.send({ type: 'refused', ...which, problem, isSignedOut: false })
  const kept = self.asked.findLast((effect) => effect.type === 'keepSubmit')
  self.send(notKept(draftOf(self.send({ type: 'putBack', name: which.name }))))
  const { state } = carriedOn(self.state, { submits: kept ? [kept.submit] : [] })
  expect(state.submits).toEqual([])
  expect(state.boxes[contact]?.reply.draft.text).toBe('一')
})

it('does not give back what may have arrived when the service says no without having looked', () => {
  for (const code of ['forbidden', 'too_large', 'conflict']) {
    const self = page()
    self.send(type('您好'))
    const post = self.send(submit).find((effect) => effect.type === 'post')
    const which = { name: post?.submit.name ?? '', item: post?.item.id ?? '' }
    self.send({ type: 'cutOff', ...which, problem, mayHave: true, now: 0 })
    self.send({ type: 'due', name: which.name })
    const detail = code === 'conflict' ? { reason: 'other_database' } : {}
    self.send({ type: 'refused', ...which, problem: { code, message: '', detail }, isSignedOut: false })
    expect(canPutBack(self.state, which.name)).toBe(false)
  }
})

it('makes the same note of the same reply, also on a page after a crash: the service takes it once', () => {
  const first = page()
  const reply = first.send(type('写错了地方')).find((effect) => effect.type === 'keep')
  const namesOf = ({ send }: ReturnType<typeof page>): string[] => {
    send({ type: 'madeNote', contact })
    return send({ ...submit, kind: 'note' }).flatMap((effect) =>
      effect.type === 'post' ? [effect.item.id] : [],
    )
  }
  const names = namesOf(first)
  expect(names).toHaveLength(1)
  const second = page()
  const record = reply?.record
  if (!record) throw new Error('Nothing was kept.')
  second.state = { ...second.state, keeping: 'opening' }
  second.send({
    type: 'loaded',
    drafts: [{ ...record, stamp: 'a' }],
    submits: [],
    liveTabs: [],
    now: 0,
  })
  expect(namesOf(second)).toEqual(names)
})
