/** What a studio can choose of the widget's look. Imports no zod: these types come with the widget from npm, and need no package. */

export const schemes = ['auto', 'light', 'dark'] as const
export const positions = ['bottom-right', 'bottom-left', 'top-right', 'top-left'] as const

export type Scheme = (typeof schemes)[number]
export type Position = (typeof positions)[number]
