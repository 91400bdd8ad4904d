/** tmp */
import { render } from 'preact'
import { signal } from '@preact/signals'
import type { Panel, PanelParts } from '../mount.ts'
export function startPanel(parts: PanelParts): Panel {
  const n = signal(1)
  const div = document.createElement('div'); parts.host.root.append(div)
  render(<p onClick={()=>n.value++}>hello {n}</p>, div)
  return { open(){}, close(){} } as unknown as Panel
}
