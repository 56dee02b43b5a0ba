import { ConfigError } from '../errors.js'
import type { EmulatedApp } from './app.js'
import { parseInput } from './control-input.js'
import type { CustomerInput, SetupInput, SetupView } from './protocol-setup.js'
import { setupInput } from './setup-input.js'
import { checkStub } from './stubs.js'
import type { User } from './user.js'
import type { World } from './world.js'

/**
 * Checks what there shall be at the start, where these apps are known already. Throws ConfigError that names the
 * place, such as `users.2.said.0.content: must not be empty`.
 */
export function checkSetup(input: unknown, known: readonly string[] = []): SetupInput {
  const setup = parseInput(setupInput, input)
  const appIds = [...new Set([...known, ...(setup.apps ?? []).map(({ appId }) => appId)])]
  for (const [index, { appId }] of (setup.users ?? []).entries()) {
    const place = `users.${index}.appId`
    if (appId !== undefined && !appIds.includes(appId))
      throw new ConfigError(`${place}: there is no app ${appId}; it belongs into apps`)
    if (appId === undefined && appIds.length !== 1)
      throw new ConfigError(
        `${place}: is missing: there are ${appIds.length} apps, so say whose customer it is`,
      )
  }
  for (const [index, stub] of (setup.stubs ?? []).entries())
    at(`stubs.${index}`, () => {
      checkStub(stub)
    })
  return setup
}

/**
 * Makes a world so. What is wrong is said before anything is done; apps that are there already get their settings.
 * Throws ConfigError.
 */
export function applySetup(world: World, input: unknown): SetupView {
  const { platform, faults, stubs } = world
  const known = platform.apps.map(({ appId }) => appId)
  const setup = checkSetup(input, known)
  const apps = (setup.apps ?? []).map((app) => platform.addApp(app).view())
  const [first] = platform.apps
  const users = (setup.users ?? []).map(({ appId = first?.appId ?? '', ...customer }) => {
    const app = platform.app(appId)
    if (!app) throw new Error('An app that was checked is not there.')
    return addCustomer(world, app, customer).view(platform.clock.now())
  })
  return {
    apps,
    users,
    faults: (setup.faults ?? []).map((fault) => faults.add(fault)),
    stubs: (setup.stubs ?? []).map((stub) => stubs.add(stub)),
  }
}

/** A customer, with what they have done before. */
export function addCustomer(world: World, app: EmulatedApp, customer: CustomerInput): User {
  const {
    openId = world.platform.newOpenId(app.appId),
    entered = false,
    said = [],
    pushed = false,
  } = customer
  const user = app.user(openId)
  const { actions } = world
  if (entered !== false) {
    const { sessionFrom = 'wxapp', ...business } = entered === true ? {} : entered
    if (pushed) actions.enter(user, sessionFrom, business)
    else actions.hasEntered(user, business)
  }
  for (const each of said) {
    const message = typeof each === 'string' ? { msgType: 'text' as const, content: each } : each
    if (pushed) actions.send(user, message)
    else actions.hasSaid(user, message)
  }
  return user
}

/** Puts the place before what is wrong there. */
function at(place: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${place}.${error.message}`)
    throw error
  }
}
