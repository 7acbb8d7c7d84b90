/**
 * The page as text. The PHP page (index.php) prints the same; they share style.css.
 *
 * @module
 */

/**
 * @typedef {object} Shop What the session holds. The PHP page uses the same variables.
 * @property {number} visits
 * @property {string} user
 * @property {Record<string, number> | never[]} cart PHP's empty array arrives as a list
 */

/**
 * @typedef {object} View
 * @property {Partial<Shop>} data
 * @property {string} id
 * @property {string} stored The session's bytes as text.
 * @property {boolean} embed Shown inside the other page.
 * @property {string | undefined} peer Address of the PHP page, when it runs.
 */

/** What the shop sells: name and price in cents. */
export const GOODS = new Map([
  ['coffee', { name: 'Coffee', cents: 320 }],
  ['croissant', { name: 'Croissant', cents: 240 }],
  ['juice', { name: 'Orange juice', cents: 410 }],
])

/**
 * The whole page.
 *
 * @param {View} view
 */
export function renderPage(view) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>One session, Node</title>
<link rel="stylesheet" href="/style.css">
</head>
<body class="node${view.embed ? ' embed' : ''}">
<header class="top">
<h1>One session${view.peer === undefined ? '' : ', two languages'}</h1>
<p>${introduction(view)}</p>
</header>
<main class="panes">
${panel(view)}
${view.embed ? '' : otherSide(view)}
</main>
</body>
</html>
`
}

/** @param {View} view */
function introduction({ peer }) {
  return peer === undefined
    ? 'A Node server that keeps its sessions in files, in the format and under the lock of PHP.'
    : 'A Node server and a PHP server share the same session files. Click on either side, and see both change.'
}

/** @param {View} view */
function panel(view) {
  return `<section class="card" aria-label="The Node page">
<header><span class="badge">Node</span><h2>Written in JavaScript</h2>${idChip(view.id)}</header>
<div class="block count"><strong data-visits>${view.data.visits ?? 0}</strong>
<p>page views in this session<br><span class="hint">counted by whichever page you open</span></p></div>
<div class="block"><h3>Account</h3>${account(view)}</div>
<div class="block"><h3>Cart</h3>${cart(view)}</div>
<div class="block"><h3>What is stored</h3>
<pre data-stored>${escape(view.stored) || '(nothing yet)'}</pre>
<p class="hint">${storedHint(view)}</p></div>
</section>`
}

/** The id is a secret, so only its beginning is shown. @param {string} id */
function idChip(id) {
  return `<span class="id">id <code data-id>${escape(id.slice(0, 6))}…</code></span>`
}

/** @param {View} view */
function account(view) {
  const { user } = view.data
  if (typeof user === 'string') {
    return `<div class="row"><p class="grow">Hello, <strong data-user>${escape(user)}</strong></p>
${button(view, 'logout', 'Log out')}</div>
<p class="hint">Logging out destroys the session.</p>`
  }
  return `<form method="post" action="/login"${target(view)}>${embedField(view)}
<label for="name">Your name</label>
<div class="row"><span class="grow"><input id="name" name="name" maxlength="40" required autocomplete="off"></span>
<button class="main">Log in</button></div>
<p class="hint">Logging in gives the session a new id.</p></form>`
}

/** @param {View} view */
function cart(view) {
  const quantities = cartOf(view.data)
  const total = [...GOODS].reduce(
    (sum, [key, { cents }]) => sum + cents * (quantities[key] ?? 0),
    0,
  )
  const rows = [...GOODS].map(
    ([key, { name, cents }]) => `<li><span>${name}</span><span class="price">${money(cents)}</span>
<output data-quantity="${key}" aria-label="${name} in the cart">${quantities[key] ?? 0}</output>
${button(view, 'add', 'Add', { item: key, label: `Add ${name}` })}</li>`,
  )
  return `<ul class="goods">${rows.join('\n')}</ul>
<div class="row"><p class="grow">Total <strong>${money(total)}</strong></p>${total > 0 ? button(view, 'empty', 'Empty') : ''}</div>`
}

/**
 * The cart as an object, whichever side wrote it last.
 *
 * @param {Partial<Shop>} data
 * @returns {Record<string, number>}
 */
export function cartOf({ cart = {} }) {
  return Array.isArray(cart) ? {} : { ...cart }
}

/** @param {number} cents */
function money(cents) {
  return `€ ${(cents / 100).toFixed(2)}`
}

/** @param {View} view */
function storedHint({ id, stored }) {
  if (stored === '') return 'A visitor without data has no file and no cookie.'
  return `The file <code>sess_${escape(id.slice(0, 6))}…</code>, ${Buffer.byteLength(stored)} bytes, as PHP writes them.`
}

/**
 * @param {View} view
 * @param {string} action
 * @param {string} text
 * @param {{ item?: string, label?: string }} [more]
 */
function button(view, action, text, { item, label } = {}) {
  const field = item === undefined ? '' : `<input type="hidden" name="item" value="${item}">`
  const name = label === undefined ? '' : ` aria-label="${label}"`
  return `<form method="post" action="/${action}"${target(view)}>${embedField(view)}${field}<button${name}>${text}</button></form>`
}

/** Forms inside the other page answer to the whole window. @param {View} view */
function target({ embed }) {
  return embed ? ' target="_top"' : ''
}

/** @param {View} view */
function embedField({ embed }) {
  return embed ? '<input type="hidden" name="embed" value="1">' : ''
}

/** @param {View} view */
function otherSide({ peer }) {
  if (peer !== undefined) return `<iframe src="${peer}/?embed=1" title="The PHP page"></iframe>`
  return `<section class="card other" aria-label="The other side">
<h2>The same session in PHP</h2>
<p>Where PHP is installed, <code>npm run start:php</code> starts this page a second time, written in PHP, on the same files. Both show one session side by side.</p>
</section>`
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
