import { z } from 'zod'
import { mayUse } from '../../http/principal.js'
import { route, type Route } from '../../http/route.js'
import { isHealthy, type Finding } from '../finding.js'

const words = z.object({ zh: z.string(), en: z.string() })
export const finding = z.object({
  check: z.string(),
  /** The Mini Program that it is about. */
  app: z.exactOptional(z.string()),
  level: z.enum(['ok', 'warn', 'fail']),
  found: words,
  /** The remedy. */
  todo: z.exactOptional(words),
  /** A text to copy for it, such as an address. */
  copy: z.exactOptional(z.string()),
})

export interface DoctorRoutesOptions {
  readonly diagnose: () => Promise<Finding[]>
}

/** `kefu doctor`, for the desk. */
export function doctorRoutes({ diagnose }: DoctorRoutesOptions): Route[] {
  // Looking asks WeChat, so who asks meanwhile is given the same.
  let running: Promise<Finding[]> | undefined
  return [
    route({
      method: 'GET',
      path: '/doctor',
      summary: 'Looks at everything between WeChat and here; takes some seconds.',
      access: 'admin',
      response: z.object({ healthy: z.boolean(), findings: z.array(finding) }),
      async handle({ principal }) {
        running ??= diagnose().finally(() => {
          running = undefined
        })
        const findings = (await running).filter(({ app }) => app === undefined || mayUse(principal, app))
        return { healthy: isHealthy(findings), findings }
      },
    }),
  ]
}
