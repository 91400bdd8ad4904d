/** Where a call to a vendor goes: templates filled and encoded so that no value can leave the path or the host. */
import { z } from 'zod'
import { VendorError } from '../vendor.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof methods)[number]

/** A configured call, e.g. `POST /tickets/{ticketId}/actions`. Stays a string, so that it may be parsed twice. */
export const VendorPath = z
  .string()
  .regex(/^(GET|POST|PUT|PATCH|DELETE) (\/[A-Za-z0-9._~-]+|\/\{[A-Za-z]+\})+$/, {
    error: 'must read "METHOD /path/{ticketId}"',
  })
  .refine((path) => !/\/\.\.?(\/|$)/.test(path), { error: 'must not step up' })

/** Takes a {@link VendorPath} apart. */
export function splitPath(path: string): { method: Method; path: string } {
  const [word, template] = path.split(' ')
  const method = methods.find((known) => known === word)
  if (!method || !template) throw new TypeError('not a vendor path')
  return { method, path: template }
}

/** A base address: http(s), no user, no query. A trailing slash makes no difference. */
export const BaseUrl = z.url({ protocol: /^https?$/ }).refine((address) => isPlainBase(new URL(address)), {
  error: 'must have no user name, query or fragment',
})

function isPlainBase(url: URL): boolean {
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}

export type Query = Record<string, string | number | undefined | readonly string[]>

export interface Address {
  baseUrl: string
  /** Begins with `/`; `{name}` is filled from `params`, everything else is taken as it is. */
  path: string
  params?: Readonly<Record<string, string>> | undefined
  query?: Query | undefined
}

/**
 * @throws VendorError `refused`, before anything is sent, when a value would change which call this is. An empty value
 * in a query is one of these: several vendors read an empty filter as *no* filter and list everybody's tickets.
 */
export function addressOf(vendor: string, { baseUrl, path, params = {}, query = {} }: Address): URL {
  const base = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
  const filled = path
    .split('/')
    .map((segment) => segmentOf(vendor, segment, params))
    .join('/')
  const url = new URL(`.${filled}`, base)
  const inside = url.origin === base.origin && url.pathname === base.pathname.slice(0, -1) + filled
  if (!path.startsWith('/') || path.includes('//') || !inside) throw notSent(vendor, 'the path leaves its base')
  for (const [name, value] of Object.entries(query)) addToQuery(vendor, url, name, value)
  return url
}

function segmentOf(vendor: string, segment: string, params: Readonly<Record<string, string>>): string {
  const name = /^\{(\w+)\}$/.exec(segment)?.[1]
  const value = name === undefined ? segment : params[name]
  if (!value && name !== undefined) throw notSent(vendor, `{${name}} is empty`)
  // `%2e%2e` is a step up too, so a segment of dots cannot be encoded away.
  if (value === '.' || value === '..') throw notSent(vendor, 'a path segment steps up')
  return encodeURIComponent(value ?? '')
}

function addToQuery(vendor: string, url: URL, name: string, value: Query[string]): void {
  if (value === undefined) return
  const values = Array.isArray(value) ? value : [String(value)]
  if (values.length === 0 || values.includes('')) throw notSent(vendor, `the filter ${name} is empty`)
  for (const one of values) url.searchParams.append(name, one)
}

function notSent(vendor: string, why: string): VendorError {
  return new VendorError('refused', `${vendor}: not sent, ${why}`)
}
