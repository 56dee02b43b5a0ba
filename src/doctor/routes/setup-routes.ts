import { z } from 'zod'
import { mayUse, type Principal } from '../../http/principal.js'
import { notFound } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { appSetup } from '../../apps/schemas/app-setup.js'
import type { AppSettings } from '../../config/app-settings.js'
import type { Apps } from '../../apps/apps.js'
import type { Config } from '../../config/config.js'
import { checkToken } from '../check-api.js'
import { isHealthy, type Finding } from '../finding.js'
import type { SetupProgress } from '../../apps/setup-progress.js'
import { byAppId } from '../../apps/routes/app-routes.js'
import { finding } from './doctor-routes.js'

export interface SetupRoutesOptions {
  readonly apps: Apps
  readonly marks: SetupProgress
  readonly config: Pick<Config, 'publicUrl' | 'apiUrl'>
}

/** The routes of the set-up guide, which connects a Mini Program. */
export function setupRoutes({ apps, marks, config }: SetupRoutesOptions): Route[] {
  /** Throws HttpError (404) also when it is not for whoever asks. */
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
      response: appSetup,
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
      response: z.object({ healthy: z.boolean(), findings: z.array(finding) }),
      async handle({ params: { id }, principal }) {
        const findings = await check(settingsOf(id, principal))
        return { healthy: isHealthy(findings), findings }
      },
    }),
  ]
}
