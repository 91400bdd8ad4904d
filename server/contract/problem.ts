/** A refusal on the wire. The widget translates its code; it never shows `detail`. */
import { z } from 'zod'
import { deliveryProblemCodes, problemCodes } from './problem-code.ts'

const ProblemCode = z.enum(problemCodes)
export const DeliveryProblemCode = z.enum(deliveryProblemCodes)

/** One wrong place in a body: `path` is dotted (`attachments.0`), `code` says what is wrong there. */
export const ProblemPlace = z.object({ path: z.string(), code: z.string() })

/** RFC 9457, sent as `application/problem+json`. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: ProblemCode,
  detail: z.string().optional(),
  errors: z.array(ProblemPlace).optional(),
  retryAfterSeconds: z.int().optional(),
})
export type ProblemPlace = z.infer<typeof ProblemPlace>
export type Problem = z.infer<typeof Problem>
