import { ruleIssue } from '../protocol/rule-problems.js'
import type { Groups } from './expression.js'
import type { Found } from './rule-problem.js'

/** The values of placeholders in one reply. */
export interface Values {
  /** The find of `when.text.matches`. */
  readonly match: Groups | undefined
  /** The contact button's `session-from`; null when the customer came another way. */
  readonly sessionFrom: string | null
  readonly contact: { readonly name: string | null }
}

/**
 * The value of `{{contact.name}}` for a customer without a name, which WeChat leaves most of them: the one
 * word that is right both as an address and in 「您的订单」.
 */
export const NAMELESS = '您'

type Placeholder =
  | { readonly kind: 'match'; readonly group: string }
  | { readonly kind: 'sessionFrom' }
  | { readonly kind: 'contact.name' }

/** A text with placeholders, taken apart once. */
export interface Template {
  readonly pieces: readonly (string | Placeholder)[]
  /** Whether it needs what the expression found. */
  readonly usesMatch: boolean
}

/** Takes a text apart. A placeholder that is not known stays as it is written: templateProblem finds it before. */
export function parseTemplate(source: string): Template {
  const pieces = source
    .split(/(\{\{[^{}]*\}\})/)
    .map((piece) => (piece.startsWith('{{') ? (placeholder(nameIn(piece)) ?? piece) : piece))
    .filter((piece) => piece !== '')
  return { pieces, usesMatch: pieces.some((piece) => typeof piece === 'object' && piece.kind === 'match') }
}

/** Writes a template out. Values go in as they are and are never read as templates; `encode` makes them fit a URL. */
export function render(
  template: Template,
  values: Values,
  encode: (value: string) => string = literally,
): string {
  let text = ''
  for (const piece of template.pieces) {
    text += typeof piece === 'string' ? piece : encode(valueOf(piece, values))
    // A customer's long text, as often as a template names it, is no reply any more: what it would cost is bounded.
    if (text.length > MOST_CHARACTERS) return text.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, '')
  }
  return text
}

/** As many as a reply may be written with: several times what WeChat takes. */
const MOST_CHARACTERS = 10_240

/** A value as one part of a path or a query. */
export function encodeForUrl(value: string): string {
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\uFFFD'))
}

/**
 * Returns the problem of a text's placeholders, or undefined. `groups` are those of each expression that may have
 * matched, or undefined where the rule has none.
 */
export function templateProblem(
  source: string,
  groups: readonly ReadonlySet<string>[] | undefined,
): Omit<Found, 'path'> | undefined {
  for (const piece of source.split(/(\{\{[^{}]*\}\})/)) {
    if (!piece.startsWith('{{') || !piece.endsWith('}}')) {
      if (piece.includes('{{'))
        return {
          message: 'opens a placeholder with “{{” that “}}” does not close',
          issue: ruleIssue('placeholder_open'),
        }
      continue
    }
    const known = placeholder(nameIn(piece))
    if (!known)
      return {
        message: `has the unknown placeholder ${piece}: it may be {{match.0}}, {{match.1}}, {{match.NAME}}, {{sessionFrom}} or {{contact.name}}`,
        issue: ruleIssue('placeholder_unknown', { placeholder: piece }),
      }
    if (known.kind !== 'match') continue
    if (!groups)
      return {
        message: `uses ${piece}, which needs an expression under when.text.matches`,
        issue: ruleIssue('placeholder_without_match', { placeholder: piece }),
      }
    if (!groups.every((each) => each.has(known.group)))
      return {
        message: `uses ${piece}, but ${groups.length > 1 ? 'not every expression' : 'the expression'} under when.text.matches has such a group`,
        issue: ruleIssue('placeholder_without_group', { placeholder: piece }),
      }
  }
  return undefined
}

function literally(value: string): string {
  return value
}

function nameIn(piece: string): string {
  return piece.slice(2, -2).trim()
}

function placeholder(name: string): Placeholder | undefined {
  if (name === 'sessionFrom' || name === 'contact.name') return { kind: name }
  const group = /^match\.(\w+)$/.exec(name)?.[1]
  return group === undefined ? undefined : { kind: 'match', group }
}

function valueOf(piece: Placeholder, values: Values): string {
  switch (piece.kind) {
    case 'match':
      return values.match?.get(piece.group) ?? ''
    case 'sessionFrom':
      return values.sessionFrom ?? ''
    case 'contact.name':
      return values.contact.name?.trim() || NAMELESS
  }
}
