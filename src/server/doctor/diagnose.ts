import type { Config } from '../config.js'
import type { Foundation } from '../foundation.js'
import { pushUrl } from '../banner.js'
import { queues } from '../queues.js'
import { checkAccount, checkClock } from './check-api.js'
import { checkArrivals, checkTroubles } from './check-arrivals.js'
import { checkConfig, checkDisk, checkSettings } from './check-config.js'
import { checkDatabase, latestPushes } from './check-database.js'
import { checkPushUrl } from './check-push-url.js'
import { checkPeople, checkSends, checkWebhooks, checkWork } from './check-work.js'
import type { Finding } from './finding.js'

export interface Patient {
  readonly config: Config
  readonly foundation: Pick<Foundation, 'store' | 'apps' | 'metrics'>
  /** Where the service answers on this machine; undefined when it does not run. */
  readonly localUrl: string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Looks at everything between WeChat and here, from the inside out. */
export async function diagnose(patient: Patient): Promise<Finding[]> {
  const { config, foundation, localUrl, now } = patient
  const { store, apps, metrics } = foundation
  const settings = apps.list.flatMap(({ appId }) => apps.settingsOf(appId) ?? [])
  const findings = [
    ...checkConfig(config, settings.length),
    ...(await checkDatabase(store)),
    ...(await checkPeople(store)),
    ...(await checkDisk(config.dataDir)),
    ...(await checkClock({ ...config, now })),
  ]
  const apiAnswers = findings.every(({ check, level }) => check !== 'api' || level === 'ok')
  const latest = await latestPushes(store)
  for (const app of settings) {
    findings.push(...checkSettings(app))
    if (apiAnswers) findings.push(...(await checkAccount(app, config.apiUrl, config.publicUrl)))
    const url =
      config.publicUrl === undefined
        ? localUrl && `${localUrl}/wechat/${app.appId}`
        : pushUrl(config, app.appId)
    if (url !== undefined)
      findings.push(await checkPushUrl(app, { url, running: localUrl !== undefined, now }))
    // Before the first start nothing can have arrived.
    if (localUrl !== undefined || latest.has(app.appId))
      findings.push(...checkArrivals(app.appId, { latest: latest.get(app.appId), now: now() }))
  }
  const running = localUrl !== undefined
  findings.push(...(await checkWork({ queues: queues(store), running, now: now() })))
  findings.push(...(await checkWebhooks(store)))
  if (running) {
    findings.push(...checkTroubles(await metrics.troubles()))
    findings.push(...checkSends(await metrics.failedSends()))
  }
  return findings
}
