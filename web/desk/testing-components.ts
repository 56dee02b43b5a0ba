import { createApp, h, nextTick, ref, shallowRef, type App, type Component } from 'vue'
import { afterEach } from 'vitest'
import { createI18n, i18nKey } from './locales/i18n.js'

let mounted: App[] = []

/** Components of a test file go with the test, so that the document is empty before each. */
export function unmountAfterEach(): void {
  afterEach(() => {
    for (const app of mounted) app.unmount()
    mounted = []
    document.body.replaceChildren()
  })
}

export interface Mounted<P> {
  /** Changes some of its props; resolves once that is rendered. */
  setProps(change: Partial<P>): Promise<void>
}

/** Mounts a component in the document, with the stores that it injects by their keys. */
export function mount<C extends Component & (new (...args: never[]) => { $props: object })>(
  component: C,
  { props, provide = texts() }: { props: InstanceType<C>['$props']; provide?: Record<symbol, unknown> },
): Mounted<InstanceType<C>['$props']> {
  const given = shallowRef<object>(props)
  const app = createApp({ render: () => h(component, given.value) })
  for (const key of Object.getOwnPropertySymbols(provide)) app.provide(key, provide[key])
  app.mount(document.body.appendChild(document.createElement('div')))
  mounted.push(app)
  return {
    async setProps(change) {
      given.value = { ...given.value, ...change }
      await nextTick()
    },
  }
}

/** Returns what every component of the desk injects: texts, in English. */
export function texts(): Record<symbol, unknown> {
  return { [i18nKey as symbol]: createI18n(ref('en')) }
}

/** The field with this label, wherever in the document; dialogs are not where they are written. Throws without one. */
export function fieldOf(label: string): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  const named = [...document.querySelectorAll('input, textarea, select')].find(
    (field) => field.getAttribute('aria-label') === label || labelsOf(field).includes(label),
  )
  if (
    named instanceof HTMLInputElement ||
    named instanceof HTMLTextAreaElement ||
    named instanceof HTMLSelectElement
  )
    return named
  throw new Error(`There is no field "${label}".`)
}

/** The button with this name. Throws without one. */
export function buttonOf(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find(
    (button) => (button.getAttribute('aria-label') ?? textOf(button)) === name,
  )
  if (!found) throw new Error(`There is no button "${name}".`)
  return found
}

/** Writes into a field as an agent does: all of it anew. */
export async function write(label: string, text: string): Promise<void> {
  const field = fieldOf(label)
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
  await nextTick()
}

export async function press(name: string): Promise<void> {
  const button = buttonOf(name)
  button.focus()
  button.click()
  await nextTick()
  await nextTick()
}

/** Hands a form in, where its button can be pressed. */
export async function submit(button: string): Promise<void> {
  const { disabled, form } = buttonOf(button)
  if (disabled || !form) throw new Error(`"${button}" hands nothing in.`)
  form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
  await nextTick()
}

/** The texts of all elements that a selector finds; spaces are one, and empty texts are left out. */
export function textsOf(selector: string): string[] {
  return [...document.querySelectorAll(selector)].map(textOf).filter((text) => text !== '')
}

function labelsOf(field: Element): string[] {
  const around = field.closest('label')
  const pointing = [...document.querySelectorAll('label')].filter(({ htmlFor }) => htmlFor === field.id)
  return [...(around ? [around] : []), ...(field.id === '' ? [] : pointing)].map(textOf)
}

function textOf(element: Element): string {
  return element.textContent.replace(/\s+/g, ' ').trim()
}
