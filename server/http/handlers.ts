/** What a handler is given and what it owes, both read off the contract: a missing or mistyped handler does not compile. */
import type { z } from 'zod'
import type { LiveGame } from '../config/games.ts'
import type { RouteName, Routes } from '../contract/routes.ts'
import type { Identity } from '../players/identity.ts'

type Parsed<R extends RouteName, Part extends string> =
  Routes[R] extends Record<Part, infer S extends z.ZodType> ? z.output<S> : undefined

/** A player call comes with its player and their game; a public one does not; one for anyone may. */
type Access<R extends RouteName> = Routes[R]['access'] extends 'player'
  ? { player: Identity; game: LiveGame }
  : Routes[R]['access'] extends 'anyone'
    ? { player: Identity | undefined; game: LiveGame | undefined }
    : { player: undefined; game: undefined }

export type HandlerInput<R extends RouteName> = Access<R> & {
  params: Parsed<R, 'params'>
  query: Parsed<R, 'query'>
  body: Parsed<R, 'body'>
  /** The header's value on routes that need one; empty elsewhere. */
  idempotencyKey: string
  request: Request
  /** Of the client, as far as it can be known. */
  address: string | undefined
}

/** One of the answers the contract names, by its status. */
export type HandlerAnswer<R extends RouteName> =
  | (Routes[R] extends { conditional: true } ? NotModified : never)
  | Answered<R>

/** To a client that has the very thing already. */
export interface NotModified {
  status: 304
  headers: Record<string, string>
  body?: undefined
}

type Answered<R extends RouteName> = {
  [Status in keyof Routes[R]['answers']]: {
    status: Status
    headers?: Record<string, string>
  } & (Routes[R]['answers'][Status] extends z.ZodType
    ? { body: z.input<Routes[R]['answers'][Status]> }
    : { body?: undefined })
}[keyof Routes[R]['answers']]

/** A `Response` is for bytes and streams; everything else passes through the answer's schema. */
export type Handler<R extends RouteName> = (input: HandlerInput<R>) => Promise<HandlerAnswer<R> | Response>

export type Handlers = { [R in RouteName]: Handler<R> }

/** The handlers of one resource. */
export type HandlersOf<R extends RouteName> = Pick<Handlers, R>
