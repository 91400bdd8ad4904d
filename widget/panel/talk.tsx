/** The second half of the panel, fetched once the first one stands: everything around the words a player writes. */

import { talkOf } from '../state/talk.ts'
import talkStyles from '../style/talk.css?inline'
import { AlsoSent } from './also-sent.tsx'
import { NewFiles } from './attachment.tsx'
import { Conversation, Next, Outgoing } from './conversation.tsx'
import { Cut } from './cut.tsx'

/** Makes what the views below stand on. */
export const prepare = talkOf
export const styles = talkStyles
export const views = { Conversation, Next, Outgoing, NewFiles, AlsoSent, Cut }
