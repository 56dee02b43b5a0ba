import { z } from 'zod'
import { optionalClientId } from '../../http/schemas/client-id.js'

const mode = z.enum(['plain', 'compatible', 'secure'])

/** A Mini Program; its secrets are written and never read. */
export const appView = z
  .object({
    appId: z.string(),
    name: z.string(),
    mode,
    /** One from the environment can be changed only there. */
    source: z.enum(['environment', 'desk']),
    /** The URL to paste at mp.weixin.qq.com. */
    pushUrl: z.string(),
    /** Other Mini Programs that take pushes without encryption by the same Token: a push of one is good at the other. */
    sharesTokenWith: z.array(z.string()),
  })
  .meta({ id: 'App' })
export type AppView = z.infer<typeof appView>

const secret = (most: number) =>
  z.string().min(1, 'must not be empty').max(most).regex(/^\S+$/, 'must be without spaces')
const settings = {
  name: z.string().trim().min(1, 'must not be empty').max(64),
  mode,
  appSecret: secret(128),
  token: secret(128),
  encodingAESKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}$/, 'must be 43 letters and digits, as at mp.weixin.qq.com'),
}

/** POST /apps */
export const appInput = z.strictObject({
  appId: z
    .string()
    .max(64)
    .regex(/^(?!gh_)[\w-]+$/, 'must be an AppID, wx and 16 digits; gh_… is the original id, another thing'),
  name: settings.name.optional(),
  mode: settings.mode.default('secure'),
  appSecret: settings.appSecret,
  token: settings.token,
  encodingAESKey: settings.encodingAESKey.optional(),
  clientId: optionalClientId,
})

/** PATCH /apps/:id: what is not given stays. */
export const appChange = z.strictObject(settings).partial()
