import type { ComposerEvent, Effect } from './events.js'
import * as keeping from './keeping.js'
import type { ComposerState } from './state.js'
import * as submitting from './submitting.js'
import { Turn } from './turn.js'
import * as boxEvents from './box-events.js'

export interface Step {
  readonly state: ComposerState
  readonly effects: readonly Effect[]
}

/**
 * What a composer is after something happened, and what is to be done then. Pure: it knows no page, no service and no
 * clock. Nothing that holds something changes its kind, its addressee or its author by itself.
 */
export function step(state: ComposerState, event: ComposerEvent): Step {
  const turn = new Turn(state)
  take(turn, event)
  return { state: turn.state, effects: turn.effects }
}

function take(turn: Turn, event: ComposerEvent): void {
  switch (event.type) {
    case 'entered':
      keeping.entered(turn, event)
      return
    case 'loaded':
      keeping.loaded(turn, event)
      return
    case 'foundOlder':
      keeping.foundOlder(turn, event)
      return
    case 'cannotKeep':
    case 'submitNotKept':
      keeping.cannotKeep(turn)
      return
    case 'kept':
      keeping.kept(turn, event)
      return
    case 'conflicted':
      keeping.conflicted(turn, event)
      return
    case 'notKept':
      keeping.notKept(turn, event)
      return
    case 'told':
      keeping.told(turn, event)
      return
    case 'seen':
      boxEvents.saw(turn, event)
      return
    case 'looked':
      turn.box(event.contact)
      boxEvents.settleKind(turn, event.contact)
      return
    case 'focused':
      turn.set({ focused: event.contact })
      return
    case 'blurred':
      if (turn.state.focused === event.contact) turn.set({ focused: null })
      boxEvents.settleKind(turn, event.contact)
      return
    case 'chose':
      boxEvents.chose(turn, event)
      return
    case 'typed':
      turn.write(event.contact, event.kind, { text: event.text })
      return
    case 'pasted':
      boxEvents.pasted(turn, event)
      return
    case 'prepared':
      boxEvents.prepared(turn, event)
      return
    case 'unreadable':
      boxEvents.unreadable(turn, event)
      return
    case 'removedPicture':
      boxEvents.removedPicture(turn, event)
      return
    case 'filledCard':
      turn.write(event.contact, 'reply', { card: event.form })
      return
    case 'filledLink':
      turn.write(event.contact, 'reply', { link: event.form })
      return
    case 'madeNote':
      boxEvents.madeNote(turn, event.contact)
      return
    case 'addedText':
      boxEvents.addedText(turn, event)
      return
    case 'tookSpare':
      boxEvents.tookSpare(turn, event)
      return
    case 'droppedSpare':
      boxEvents.droppedSpare(turn, event)
      return
    case 'submitted':
      submitting.submitted(turn, event)
      return
    case 'sentAgain':
      submitting.sentAgain(turn, event)
      return
    case 'uploaded':
      submitting.uploaded(turn, event)
      return
    case 'answered':
      submitting.answered(turn, event)
      return
    case 'refused':
      submitting.refused(turn, event)
      return
    case 'cutOff':
      submitting.cutOff(turn, event)
      return
    case 'due':
      submitting.due(turn, event.name)
      return
    case 'online':
      for (const { name } of turn.state.submits) submitting.due(turn, name)
      return
    case 'retried':
      submitting.retried(turn, event)
      return
    case 'discarded':
      submitting.discarded(turn, event.name)
      return
    case 'putBack':
      submitting.putBack(turn, event.name)
      return
    case 'ended':
      turn.set({ isEnded: true })
      for (const { name } of turn.state.submits) submitting.stopForLater(turn, name)
      return
  }
}
