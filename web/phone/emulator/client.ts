import type { ModelCall, ModelFaultInput, ModelView } from '../../../src/emulator/model/model-input.js'
import type {
  ApiCall,
  AppInput,
  AppView,
  ClockView,
  Delivery,
  Fault,
  FaultInput,
  OfficialInput,
  PhoneMessage,
  UserMessageInput,
  UserView,
  VerifyResult,
} from '../../../src/emulator/protocol.js'

/** The emulator said no, or could not be reached (`unreachable`); the message is its own sentence. */
export class EmulatorError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'EmulatorError'
    this.code = code
  }
}

/** One customer of one Mini Program. */
export interface Customer {
  appId: string
  openId: string
}

/**
 * The emulator's control API, by its own words; each call throws EmulatorError. What becomes of a push comes with
 * the events, so that nothing waits for it here.
 */
export interface Client {
  /** Shows the emulator its key; from then on the browser has a cookie that scripts can't read. */
  begin(key: string): Promise<void>
  apps(): Promise<AppView[]>
  registerApp(app: AppInput): Promise<AppView>
  verify(appId: string): Promise<VerifyResult>
  user(customer: Customer): Promise<UserView>
  messages(customer: Customer): Promise<PhoneMessage[]>
  enter(customer: Customer, sessionFrom: string): Promise<void>
  send(customer: Customer, message: UserMessageInput): Promise<void>
  official(customer: Customer, input: OfficialInput): Promise<UserView>
  uploadPicture(picture: Blob): Promise<{ mediaId: string; url: string }>
  deliveries(): Promise<Delivery[]>
  calls(): Promise<ApiCall[]>
  faults(): Promise<Fault[]>
  addFault(fault: FaultInput): Promise<Fault>
  clearFaults(): Promise<void>
  model(): Promise<ModelView>
  modelCalls(): Promise<ModelCall[]>
  /** In place of what was wrong with it before; null mends it. */
  failModel(fault: ModelFaultInput | null): Promise<void>
  clock(): Promise<ClockView>
  advance(ms: number): Promise<ClockView>
  reset(): Promise<void>
}

/** The control API below the page's own address. */
export function createClient(fetch: typeof globalThis.fetch, base = '/_emulator'): Client {
  async function request(method: string, path: string, body?: Blob | object): Promise<unknown> {
    const headers = new Headers({ accept: 'application/json' })
    const init: RequestInit = { method, headers }
    if (body instanceof Blob) {
      init.body = body
      headers.set('content-type', body.type || 'application/octet-stream')
    } else if (body !== undefined) {
      init.body = JSON.stringify(body)
      headers.set('content-type', 'application/json')
    }
    let response: Response
    try {
      response = await fetch(base + path, init)
    } catch {
      throw new EmulatorError('unreachable', '')
    }
    const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
    if (!response.ok) throw refusal(answer, response.status)
    return answer
  }

  /** The emulator is of this same version and its answers are typed on its side; what they are is taken at its word. */
  async function json<T>(method: string, path: string, body?: Blob | object): Promise<T> {
    return (await request(method, path, body)) as T
  }
  const list = async <T>(path: string): Promise<T[]> => (await json<{ items: T[] }>('GET', path)).items
  const at = ({ appId, openId }: Customer): string =>
    `/apps/${encodeURIComponent(appId)}/users/${encodeURIComponent(openId)}`

  return {
    begin: async (key) => {
      await request('POST', '/session', { key })
    },
    apps: () => list('/apps'),
    registerApp: (app) => json('POST', '/apps', app),
    verify: (appId) => json('POST', `/apps/${encodeURIComponent(appId)}/verify`),
    user: (customer) => json('GET', at(customer)),
    messages: (customer) => list(`${at(customer)}/messages`),
    enter: async (customer, sessionFrom) => {
      await request('POST', `${at(customer)}/enter?wait=false`, sessionFrom === '' ? {} : { sessionFrom })
    },
    send: async (customer, message) => {
      await request('POST', `${at(customer)}/messages?wait=false`, message)
    },
    official: (customer, input) => json('POST', `${at(customer)}/official`, input),
    uploadPicture: (picture) => json('POST', '/media', picture),
    deliveries: () => list('/deliveries'),
    calls: () => list('/calls'),
    faults: () => list('/faults'),
    addFault: (fault) => json('POST', '/faults', fault),
    clearFaults: async () => {
      await request('DELETE', '/faults')
    },
    model: () => json('GET', '/model'),
    modelCalls: () => list('/model/requests'),
    failModel: async (fault) => {
      await request('DELETE', '/model/faults')
      if (fault) await request('POST', '/model/faults', fault)
    },
    clock: () => json('GET', '/clock'),
    advance: (ms) => json('POST', '/clock', { advanceMs: ms }),
    reset: async () => {
      await request('POST', '/reset')
    },
  }
}

function refusal(answer: unknown, status: number): EmulatorError {
  if (typeof answer === 'object' && answer !== null && 'error' in answer) {
    const { error } = answer
    if (typeof error === 'object' && error !== null && 'message' in error)
      return new EmulatorError('code' in error ? String(error.code) : String(status), String(error.message))
  }
  return new EmulatorError(String(status), `HTTP ${status}`)
}
