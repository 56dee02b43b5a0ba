import { describe, expect, it } from 'vitest'
import { newRun } from '../../bot/index.js'
import { restorePush } from '../../wechat/index.js'
import type { Job } from './job.js'
import { StepQueue, type Waiting } from './step-queue.js'
import type { Step, StepResult } from './step.js'

describe('the steps that wait', () => {
  it('are taken in their order, so many at most', () => {
    const { queue, receive, names } = scene()
    for (const openId of ['oA', 'oB', 'oC']) receive(openId)
    expect(names(queue.next(2, false))).toEqual(['receive oA', 'receive oB'])
    expect(names(queue.next(2, false))).toEqual(['receive oC'])
    expect(queue.length).toBe(0)
    expect(queue.hasUrgent).toBe(false)
  })

  it('are held while handlers have their conversation, and go on in their order behind the end of these', () => {
    const { queue, receive, finish, names } = scene()
    const first = receive('oA')
    expect(queue.next(9, false)).toHaveLength(1)
    queue.hold(first.step.job)
    receive('oA')
    receive('oB')
    expect(names(queue.next(9, false))).toEqual(['receive oB'])
    expect(queue.hasUrgent).toBe(false)
    receive('oA', 'the last')
    queue.release(first.step.job, finish('oA'))
    const batch = queue.next(9, false)
    expect(names(batch)).toEqual(['finish oA', 'receive oA', 'receive oA'])
    expect(batch.at(-1)?.step.job.push.openId).toBe('oA')
    expect(queue.length).toBe(0)
  })

  it('that were taken out before their conversation’s handlers began are held behind those', () => {
    const { queue, receive, names } = scene()
    const first = receive('oA')
    const second = receive('oA')
    expect(queue.next(9, false)).toHaveLength(2)
    queue.hold(first.step.job)
    queue.holdBack(second)
    receive('oA')
    expect(queue.next(9, false)).toEqual([])
    queue.release(first.step.job)
    expect(queue.next(9, false)[0]).toBe(second)
    expect(names(queue.next(9, false))).toEqual([])
  })

  it('let what is urgent go before the ends of runs, but not for long, and never their own conversation’s', () => {
    const { queue, receive, finish, names } = scene()
    // Each goes to the front.
    queue.release(jobOf('oNone'), finish('oA'))
    queue.release(jobOf('oNone'), finish('oB'))
    queue.release(jobOf('oNone'), finish('oOld', performance.now() - 1000))
    receive('oC')
    receive('oB')
    expect(names(queue.next(9, false))).toEqual(['finish oOld', 'receive oC', 'finish oB', 'receive oB'])
    expect(names(queue.next(9, false))).toEqual(['finish oA'])
  })

  it('are only those of handlers, when no push is begun any more', () => {
    const { queue, receive, finish, names } = scene()
    receive('oA')
    queue.release(jobOf('oB'), finish('oB', 0))
    expect(queue.hasCodes).toBe(true)
    expect(names(queue.next(9, true))).toEqual(['finish oB'])
    expect(queue.hasCodes).toBe(false)
    expect(queue.length).toBe(1)
    expect(queue.hasUrgent).toBe(true)
  })

  it('come first again when they are put back', () => {
    const { queue, receive, names } = scene()
    receive('oA')
    const batch = queue.next(9, false)
    receive('oB')
    queue.putBack(batch)
    expect(queue.hasUrgent).toBe(true)
    expect(names(queue.next(9, false))).toEqual(['receive oA', 'receive oB'])
  })

  it('are answered where another process has them now', () => {
    const { queue, receive, answers } = scene((shard) => shard < 0)
    receive('oA')
    expect(queue.next(9, false)).toEqual([])
    expect(answers).toEqual([{ kind: 'answered', answer: 'success', seen: undefined }])
    expect(queue.hasUrgent).toBe(false)
  })
})

function scene(has: (shard: number) => boolean = () => true) {
  const queue = new StepQueue({ has })
  const answers: StepResult[] = []
  const waiting = (step: Step, isUrgent: boolean, since = performance.now()): Waiting => ({
    step,
    isUrgent,
    isCodes: step.kind !== 'receive',
    since,
    resolve: (result) => answers.push(result),
  })
  return {
    queue,
    answers,
    receive: (openId: string, text = '在吗'): Waiting => {
      const each = waiting({ kind: 'receive', job: jobOf(openId, text) }, true)
      queue.add(each)
      return each
    },
    finish: (openId: string, since?: number) =>
      waiting({ kind: 'finish', job: jobOf(openId) } as Step, false, since),
    names: (batch: readonly Waiting[]) =>
      batch.map(({ step: { kind, job } }) => `${kind} ${job.push.openId}`),
  }
}

function jobOf(openId: string, text = '在吗'): Job {
  const plaintext = `{"FromUserName":"${openId}","MsgType":"text","Content":"${text}","MsgId":1}`
  return { pushId: 1, push: restorePush({ appId: 'wx1', plaintext }), receivedAt: 0, run: newRun() }
}
