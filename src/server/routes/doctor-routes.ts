import { z } from 'zod'
import { mayUse, route, type Route } from '../../desk/index.js'
import { isHealthy, type Finding } from '../doctor/finding.js'

const words = z.object({ zh: z.string(), en: z.string() })
export const finding = z.object({
  check: z.string(),
  /** The Mini Program that it is about. */
  app: z.exactOptional(z.string()),
  level: z.enum(['ok', 'warn', 'fail']),
  found: words,
  /** What to do about it. */
  todo: z.exactOptional(words),
  /** What to copy to do it, such as an address. */
  copy: z.exactOptional(z.string()),
})

/** `kefu doctor`, for the desk. */
export function doctorRoutes({ diagnose }: { readonly diagnose: () => Promise<Finding[]> }): Route[] {
  // Looking asks WeChat, so who asks meanwhile is given the same.
  let running: Promise<Finding[]> | undefined
  return [
    route({
      method: 'GET',
      path: '/doctor',
      summary: 'Looks at everything between WeChat and here; takes some seconds.',
      access: 'admin',
      answer: z.object({ healthy: z.boolean(), findings: z.array(finding) }),
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
