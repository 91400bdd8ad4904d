/** How a view reaches the state it shows. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Support } from '../state/support.ts'

export const SupportContext = createContext<Support | undefined>(undefined)

export function useSupport(): Support {
  const support = useContext(SupportContext)
  if (!support) throw Error('a view outside the panel')
  return support
}
