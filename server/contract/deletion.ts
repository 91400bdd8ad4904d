/** A player's wish to be forgotten, and each dated step towards it. */
import { z } from 'zod'
import { DeletionRequestId, Instant } from './ids.ts'

/** `waiting`: can still be withdrawn. `begun`: the relay or the vendor has started to erase. */
export const DeletionStatus = z.enum(['waiting', 'begun', 'done', 'withdrawn'])

/**
 * `vendor-asked`: tickets at the vendor were erased by its own call. `studio-asked`: where there is no such call, or it
 * refuses, the studio was asked by a ticket in the player's name. `operator-told`: neither could be done for some or all
 * of them, and who runs the relay was told which.
 */
export const DeletionStepName = z.enum([
  'asked',
  'vendor-asked',
  'studio-asked',
  'operator-told',
  'relay-erased',
  'withdrawn',
])

export const DeletionRequest = z.object({
  id: DeletionRequestId,
  status: DeletionStatus,
  requestedAt: Instant,
  /** When erasing begins; until then it can be withdrawn. */
  beginsAt: Instant,
  dueAt: Instant,
  steps: z.array(z.object({ name: DeletionStepName, at: Instant })),
})

/** The literal makes an accidental or forged empty POST do nothing. */
export const NewDeletionRequest = z.strictObject({ confirm: z.literal(true) })

export type DeletionStatus = z.infer<typeof DeletionStatus>
export type DeletionStepName = z.infer<typeof DeletionStepName>
export type DeletionRequest = z.infer<typeof DeletionRequest>
