/** Style sheets arrive as text, for `adoptedStyleSheets`. */
declare module '*.css'

declare module '*.css?inline' {
  const css: string

  export { css as default }
}
