/** Starts subjects and load, and measures one subject for one round. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { content } from './pushes.js'

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
 * One subject for one round: a new process, a warm-up, the measurement. Throws when an answer was not 200 with
 * `success` or nothing, or when not every push has reached the subject's handler, whole.
 */
export async function measure(subject, load, { warmup, seconds, profile }) {
  const server = await startSubject(subject, profile)
  try {
    const { port, ask } = server
    const push = { port, format: subject.format }
    const warmed = await load.ask('push', { ...push, seconds: warmup, from: 0 })
    const before = await ask()
    const runs = await load.ask(
      'push',
      warmed.map(({ next }) => ({ ...push, seconds, from: next })),
    )
    const after = await ask()
    checkHandled(subject, sum(warmed, 'answered') + sum(runs, 'answered'), after)
    if (after.pushes === before.pushes) throw new Error('the warm-up used all prepared pushes')
    return {
      rate: runs.reduce((rate, run) => rate + run.answered / run.seconds, 0),
      p99: percentile(runs, 0.99),
      cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / (after.pushes - before.pushes),
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

async function startSubject({ file, format }, profile) {
  const server = fork(new URL(`subjects/${file}.js`, import.meta.url), {
    env: { ...process.env, NODE_ENV: 'production' },
    execArgv: profile
      ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${file}-${format}.cpuprofile`]
      : [],
  })
  const died = once(server, 'exit').then(([code]) => {
    throw new Error(`the subject ended with code ${code}`)
  })
  died.catch(() => {})
  const reply = async () => (await Promise.race([once(server, 'message'), died]))[0]
  return {
    port: await reply(),
    ask: () => (server.send('report'), reply()),
    stop: async () => {
      if (server.connected) server.disconnect()
      await died.catch(() => {})
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
