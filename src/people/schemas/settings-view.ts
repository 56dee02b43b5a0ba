import { z } from 'zod'

const minutes = z
  .int()
  .min(0)
  .max(7 * 24 * 60)

/** How the desk is run. 0 minutes or hours: never. */
export const deskSettings = z
  .object({
    /** An agent whose pages are closed for so long gives back what they have. */
    absentMinutes: minutes.default(5),
    /** A customer who waits so long for their agent waits for anyone again. */
    idleMinutes: minutes.default(15),
    /** A conversation that a person had, or waits for one, is closed so long after the customer's last sign. */
    closeHours: z
      .int()
      .min(0)
      .max(24 * 365)
      .default(48),
    /** From when a wait is shown as long, and as too long. */
    waitWarnSeconds: z.int().min(0).max(86_400).default(120),
    waitAlertSeconds: z.int().min(0).max(86_400).default(300),
    /** Whose clocks the desk shows, and where the workspace's days begin. */
    zone: z.string().refine(isZone, 'must be a time zone such as Asia/Shanghai').default('Asia/Shanghai'),
  })
  .meta({ id: 'Settings' })
export type DeskSettings = z.infer<typeof deskSettings>

/** The settings to change; the rest stays. */
export const deskSettingsInput = z.strictObject({
  absentMinutes: minutes.optional(),
  idleMinutes: minutes.optional(),
  closeHours: z
    .int()
    .min(0)
    .max(24 * 365)
    .optional(),
  waitWarnSeconds: z.int().min(0).max(86_400).optional(),
  waitAlertSeconds: z.int().min(0).max(86_400).optional(),
  zone: z.string().refine(isZone, 'must be a time zone such as Asia/Shanghai').optional(),
})
export type DeskSettingsInput = z.infer<typeof deskSettingsInput>

function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
