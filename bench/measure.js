/** Starts subjects and load, and measures one subject for one round. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ownDatabase } from './postgres.js'
import { content } from './pushes.js'
import { idOf } from './subjects.js'

const THREADS = 2

/** The load's threads; `ask` gives all of them one job and collects their results. */
export function startLoad(connections) {
  const workers = Array.from({ length: THREADS }, (_, thread) => {
    const workerData = { thread, threads: THREADS, connections: connections / THREADS }
    return new Worker(new URL('load.js', import.meta.url), { workerData })
  })
  return {
    ask: (job, input) =>
      Promise.all(
        workers.map(async (worker, i) => {
          worker.postMessage({ job, ...(Array.isArray(input) ? input[i] : input) })
          const [{ result, error }] = await once(worker, 'message')
          if (error) throw new Error(error)
          return result
        }),
      ),
    stop: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}

/**
 * One subject for one round: a new process, a warm-up, a burst of pushes, and the wait until all of them are handled.
 * Throws when an answer was not what WeChat takes, or when not every push was handled, whole.
 */
export async function measure(subject, load, { warmup, seconds, profile }) {
  const server = await startSubject(subject, profile)
  try {
    const { port, ask } = server
    const push = { port, format: subject.format, replies: subject.replies }
    const warmed = await load.ask('push', { ...push, seconds: warmup, from: 0 })
    await ask('settle')
    const before = await ask('report')
    const writtenBefore = server.written()
    const runs = await load.ask(
      'push',
      warmed.map(({ next }) => ({ ...push, seconds, from: next })),
    )
    const settled = await ask('settle')
    const after = await ask('report')
    const answered = sum(runs, 'answered')
    if (answered === 0) throw new Error('the warm-up used all prepared pushes')
    checkHandled(subject, sum(warmed, 'answered') + answered, settled)
    const acks = runs.reduce((rate, run) => rate + run.answered / run.seconds, 0)
    const startedAt = Math.min(...runs.map((run) => run.startedAt))
    return {
      acks,
      handled: settled.settledAt ? (answered / (settled.settledAt - startedAt)) * 1000 : acks,
      p99: percentile(runs, 0.99),
      written: (server.written() - writtenBefore) / answered,
      cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / answered,
      memory: after.peakMegabytes,
      busy: after.busy,
    }
  } finally {
    await server.stop()
  }
}

function checkHandled({ floor }, answered, { pushes, characters }) {
  if (pushes !== answered) throw new Error(`${answered} answers, but ${pushes} pushes were handled`)
  if (!floor && characters !== answered * content.length) throw new Error('the handler got another text')
}

/** Where a subject's profiles are, one for each of its threads. */
export const profileFolder = (folder, subject) => join(folder, idOf(subject).replaceAll(' ', '-'))

async function startSubject(subject, profile) {
  const { file, database } = subject
  const own = database && (await ownDatabase())
  const server = fork(new URL(`subjects/${file}.js`, import.meta.url), {
    env: { ...process.env, NODE_ENV: 'production', ...(own ? { BENCH_DATABASE: own.url } : {}) },
    execArgv: profile ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder(profile, subject)}`] : [],
  })
  const died = once(server, 'exit').then(([code]) => {
    throw new Error(`the subject ended with code ${code}`)
  })
  died.catch(() => {})
  const reply = async () => (await Promise.race([once(server, 'message'), died]))[0]
  return {
    port: await reply(),
    /** Bytes that it has written to disk; NaN where the system does not say. */
    written() {
      try {
        return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${server.pid}/io`, 'utf8'))?.[1])
      } catch {
        return NaN
      }
    },
    async ask(question) {
      server.send(question)
      const { answer, error } = await reply()
      if (error) throw new Error(error)
      return answer
    },
    async stop() {
      if (server.connected) server.disconnect()
      await died.catch(() => {})
      await own?.drop()
    },
  }
}

function percentile(runs, share) {
  const latencies = Float64Array.from(runs.flatMap((run) => [...run.latencies])).sort()
  return latencies[Math.ceil(latencies.length * share) - 1]
}

function sum(items, key) {
  return items.reduce((total, item) => total + item[key], 0)
}
