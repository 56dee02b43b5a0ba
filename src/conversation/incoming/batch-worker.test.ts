import { describe, expect, it } from 'vitest'
import { newRun } from '../../bot/index.js'
import { silentLogger } from '../../log.js'
import { restorePush } from '../../wechat/index.js'
import { BatchWorker } from './batch-worker.js'
import type { Job } from './job.js'

describe('a batch worker', () => {
  it('lets answers to WeChat go first: while pushes keep coming, those that are answered wait', async () => {
    const scene = makeScene()
    const [first] = Array.from({ length: 10 }, (_, i) => scene.worker.add(answeredJob(i)))
    for (let i = 10; i < 15; i++) {
      await scene.waited()
      expect(scene.batches).toEqual([])
      void scene.worker.add(answeredJob(i))
      scene.goOn()
    }
    await scene.waited()
    scene.goOn()
    expect(await first).toBe('success')
    expect(scene.batches).toEqual([Array.from({ length: 15 }, (_, i) => i)])
  })

  it('handles at once what WeChat waits for, and with it what came before', async () => {
    const scene = makeScene()
    for (let i = 0; i < 10; i++) void scene.worker.add(answeredJob(i))
    await scene.waited()
    const urgent = scene.worker.add({ ...answeredJob(10), run: newRun() })
    scene.goOn()
    expect(await urgent).toBe('success')
    expect(scene.batches).toEqual([Array.from({ length: 11 }, (_, i) => i)])
  })

  it('waits on while pushes are being committed, though none is added', async () => {
    let arriving = true
    const scene = makeScene({ arriving: () => arriving })
    const answers = Array.from({ length: 10 }, (_, i) => scene.worker.add(answeredJob(i)))
    for (let i = 0; i < 3; i++) {
      await scene.waited()
      expect(scene.batches).toEqual([])
      scene.goOn()
    }
    await scene.waited()
    arriving = false
    scene.goOn()
    await Promise.all(answers)
    expect(scene.batches).toHaveLength(1)
  })

  it('handles all that waits after one pause, until another push comes', async () => {
    const scene = makeScene({ batch: 10 })
    const answers = Array.from({ length: 40 }, (_, i) => scene.worker.add(answeredJob(i)))
    await scene.waited()
    scene.goOn()
    await Promise.all(answers)
    expect(scene.batches.map(({ length }) => length)).toEqual([10, 10, 10, 10])
  })

  it('handles few at once', async () => {
    const scene = makeScene()
    expect(await scene.worker.add(answeredJob(0))).toBe('success')
    expect(scene.batches).toEqual([[0]])
  })

  it('handles no more in one transaction than it was told, in order', async () => {
    const scene = makeScene({ batch: 2 })
    const answers = Array.from({ length: 5 }, (_, i) =>
      scene.worker.add({ ...answeredJob(i), run: newRun() }),
    )
    await Promise.all(answers)
    expect(scene.batches).toEqual([[0, 1], [2, 3], [4]])
    expect(scene.worker.size).toBe(0)
  })

  it('forgets what another process has now, and handles the others', async () => {
    const scene = makeScene({ batch: 2, mine: () => scene.worker.size > 3 })
    const jobs = Array.from({ length: 5 }, (_, i) => ({ ...answeredJob(i), run: newRun() }))
    expect(await Promise.all(jobs.map((job) => scene.worker.add(job)))).toEqual(jobs.map(() => 'success'))
    expect(scene.batches).toEqual([[0, 1]])
  })
})

function makeScene({
  batch = 100,
  mine = () => true,
  arriving = () => false,
}: { batch?: number; mine?: () => boolean; arriving?: () => boolean } = {}) {
  const batches: number[][] = []
  let waiting: (() => void) | undefined
  let asked: (() => void) | undefined
  const worker = new BatchWorker({
    batch,
    arriving,
    shards: { has: mine },
    logger: silentLogger,
    onHandled: () => undefined,
    wait: () =>
      new Promise<void>((resolve) => {
        waiting = resolve
        asked?.()
      }),
    handling: {
      fail: () => Promise.reject(new Error('nothing fails here')),
      handle: (steps) => {
        batches.push(steps.map(({ job: { pushId } }) => pushId))
        return Promise.resolve(
          steps.map(() => ({ kind: 'answered', answer: 'success', seen: undefined }) as const),
        )
      },
    },
  })
  return {
    worker,
    batches,
    /** Resolves when the worker waits for a quiet moment. */
    waited: () =>
      waiting
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            asked = resolve
          }),
    goOn() {
      const resolve = waiting
      waiting = undefined
      resolve?.()
    },
  }
}

function answeredJob(pushId: number): Job {
  const plaintext = `{"FromUserName":"o1","MsgType":"text","Content":"在吗","MsgId":${pushId}}`
  return {
    pushId,
    push: restorePush({ appId: 'wx1', plaintext }),
    receivedAt: 0,
    run: { ...newRun(), answered: true },
  }
}
