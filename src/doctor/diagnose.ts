import type { Config } from '../config/config.js'
import type { Apps } from '../apps/apps.js'
import type { RuleBook } from '../rules/rule-book.js'
import type { Store } from '../store/index.js'
import { countUnreadable, queues } from '../conversation/index.js'
import { pushUrl } from '../apps/push-url.js'
import { checkAccount } from './check-api.js'
import { checkAssistants, type AssistantFacts } from './check-assistants.js'
import { checkArrivals, checkTroubles, type Troubles } from './check-arrivals.js'
import { checkConfig, checkDisk, checkSettings, checkSharedTokens } from './check-config.js'
import { checkClock } from './check-clock.js'
import { checkDatabase, latestPushes } from './check-database.js'
import { checkPrivacy } from './check-privacy.js'
import { checkPushUrl } from './check-push-url.js'
import { checkBarePath, checkUnreadable } from './check-pushes.js'
import { checkRuleSet } from './check-rules.js'
import { checkPeople, checkSends, checkWebhooks, checkWork, type FailedSends } from './check-work.js'
import type { Finding } from './finding.js'

export interface DoctorContext {
  readonly config: Config
  readonly store: Store
  readonly apps: Pick<Apps, 'list' | 'settingsOf'>
  /** The service's counts since it started. */
  readonly counts: {
    /** Pushes to the path that says nothing of which Mini Program. */
    atBarePath(): Promise<number>
    troubles(): Promise<Troubles>
    failedSends(): Promise<readonly FailedSends[]>
  }
  readonly rules: Pick<RuleBook, 'isBroken' | 'programSum' | 'set'>
  /** What answers where rules leave messages to assistants; undefined where the service does not run. */
  readonly assistants?: AssistantFacts | undefined
  /** Where the service answers on this machine; undefined when it does not run. */
  readonly localUrl: string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Looks at everything between WeChat and here, from the inside out. */
export async function diagnose({
  config,
  store,
  apps,
  counts,
  rules,
  assistants,
  localUrl,
  now,
}: DoctorContext): Promise<Finding[]> {
  const settings = apps.list.flatMap(({ appId }) => apps.settingsOf(appId) ?? [])
  const findings = [
    ...checkConfig(config, settings.length),
    ...checkSharedTokens(settings),
    ...(await checkDatabase(store)),
    ...(await checkPeople(store)),
    ...(await checkDisk(config.dataDir)),
    ...(await checkPrivacy({ dataDir: config.dataDir, database: store.file?.path })),
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
  findings.push(...checkRuleSet(rules))
  if (assistants) findings.push(...(await checkAssistants(rules.set, assistants)))
  findings.push(...checkUnreadable(await countUnreadable(store)))
  findings.push(...checkBarePath({ apps: settings.length, pushes: await counts.atBarePath() }))
  if (running) {
    findings.push(...checkTroubles(await counts.troubles()))
    findings.push(...checkSends(await counts.failedSends()))
  }
  return findings
}
