/** The look of the agents' pages. A file of their own, so that the pages need no inline style. */
export const deskStyle = `
:root { color-scheme: light dark; --line: #8884; --accent: #3557c9; --muted: #595959; font: 16px/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --accent: #9db4ff; --muted: #b3b3b3; } }
body { margin: 0; }
header { display: flex; justify-content: space-between; align-items: center; padding: 8px 24px; border-bottom: 1px solid var(--line); }
header a { color: inherit; text-decoration: none; }
main { max-width: 60rem; margin: 0 auto; padding: 16px 24px 64px; }
main.narrow { max-width: 24rem; padding-top: 15vh; }
h1 { font-size: 1.5rem; margin: 8px 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 24px 0 4px; }
a { color: var(--accent); }
label { display: block; margin: 12px 0 4px; font-weight: 600; }
input, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: 10px; border: 1px solid #888; border-radius: 8px; background: transparent; color: inherit; }
button { font: inherit; min-height: 44px; padding: 8px 16px; margin: 12px 8px 0 0; border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: Canvas; cursor: pointer; }
button.quiet { background: transparent; color: inherit; border-color: #888; }
header button.quiet { margin: 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.tickets, .messages { list-style: none; padding: 0; }
.tickets a { display: grid; grid-template-columns: auto 1fr; column-gap: 12px; padding: 12px 8px; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; overflow-wrap: anywhere; }
.tickets a:hover { background: #8881; }
.tickets .facts { grid-column: 2; }
.facts, .empty { color: var(--muted); font-size: .875rem; margin: 0; }
.status { font-size: .8125rem; font-weight: 600; padding: 1px 8px; border: 1px solid currentColor; border-radius: 99px; align-self: start; }
.status.closed { color: var(--muted); }
.messages li { border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; margin: 12px 0; }
.messages .agent { border-color: var(--accent); margin-inline-start: 10%; }
.messages .note { border-style: dashed; background: #fc32; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0; }
.alert { color: light-dark(#b3261e, #ffb4ab); }
dl { display: grid; grid-template-columns: minmax(8rem, auto) 1fr; gap: 2px 16px; margin: 0; overflow-wrap: anywhere; }
dt { color: var(--muted); } dd { margin: 0; }
`
