import { z } from 'zod'
import { mayUse, notFound, route, type Principal, type Route } from '../../desk/index.js'
import { appSetup } from '../../desk/schemas/app-setup.js'
import type { AppSettings } from '../app-settings.js'
import type { Apps } from '../apps.js'
import type { Config } from '../config.js'
import { checkToken } from '../doctor/check-api.js'
import { isHealthy, type Finding } from '../doctor/finding.js'
import type { SetupMarks } from '../setup-marks.js'
import { byAppId } from './app-routes.js'
import { finding } from './doctor-routes.js'

export interface SetupRoutesOptions {
  readonly apps: Apps
  readonly marks: SetupMarks
  readonly config: Pick<Config, 'publicUrl' | 'apiUrl'>
}

/** What the set-up guide asks while somebody connects a Mini Program. */
export function setupRoutes({ apps, marks, config }: SetupRoutesOptions): Route[] {
  /** Throws Refusal (404) also when it is not for whoever asks. */
  function settingsOf(appId: string, principal: Principal): AppSettings {
    const settings = apps.settingsOf(appId)
    if (!settings || !mayUse(principal, appId)) throw notFound()
    return settings
  }
  // Looking asks WeChat, so who asks meanwhile is given the same.
  const running = new Map<AppSettings, Promise<Finding[]>>()
  async function check(settings: AppSettings): Promise<Finding[]> {
    const findings =
      running.get(settings) ?? checkToken(settings, config.apiUrl).finally(() => running.delete(settings))
    running.set(settings, findings)
    return findings
  }

  return [
    route({
      method: 'GET',
      path: '/apps/:id/setup',
      summary:
        'How far a Mini Program is connected: whether WeChat verified the URL, and whether a push arrived.',
      access: 'admin',
      params: byAppId,
      answer: appSetup,
      async handle({ params: { id }, principal }) {
        settingsOf(id, principal)
        return { publicUrl: config.publicUrl ?? null, ...(await marks.of(id)) }
      },
    }),
    route({
      method: 'POST',
      path: '/apps/:id/check',
      summary:
        'Asks WeChat for an access token with the AppID and AppSecret, and says what is wrong if it gives none.',
      access: 'admin',
      params: byAppId,
      answer: z.object({ healthy: z.boolean(), findings: z.array(finding) }),
      async handle({ params: { id }, principal }) {
        const findings = await check(settingsOf(id, principal))
        return { healthy: isHealthy(findings), findings }
      },
    }),
  ]
}
