// Draws Slack messages as one static page: node draw.mjs [IN.json|-] [OUT.html|-]
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { get as emojiNamed } from "node-emoji";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const require = createRequire(import.meta.url);
const COLOURS = ["#7c4a8d", "#2b6cb0", "#b7791f", "#2f855a", "#c05621", "#4a5568"];

const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const svg = (body, size = 24) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}">${body}</svg>`;

const BOT = svg(
  '<rect width="36" height="36" rx="8" fill="#1f4b5c"/>' +
    '<path d="M14.5 8h7v6.500h6.500v7h-6.500V28h-7v-6.500H8v-7h6.500z" fill="#fff"/>' +
    '<path d="M14.8 18.2l2.3 2.3 4.3-4.8" fill="none" stroke="#1f4b5c" stroke-width="2.2" ' +
    'stroke-linecap="round" stroke-linejoin="round"/>',
  36,
);
const EYE =
  '<svg viewBox="0 0 20 20" width="14" height="14" fill="none" stroke="currentColor" stroke-width="1.6">' +
  '<path d="M1.5 10S4.5 4 10 4s8.5 6 8.5 6-3 6-8.5 6-8.5-6-8.5-6z"/><circle cx="10" cy="10" r="2.7"/></svg>';

function avatarOf(message) {
  const { avatar, name = "?", bot } = message;
  if (avatar?.startsWith("data:image/")) return `<img src="${escape(avatar)}" alt="">`;
  if (bot && !avatar) return BOT;
  const letters = avatar ?? name.replace(/^@/, "").split(/[\s._-]+/).slice(0, 2).map((word) => word[0]).join("");
  const colour = COLOURS[[...name].reduce((sum, c) => sum + c.codePointAt(0), 0) % COLOURS.length];
  return svg(
    `<rect width="36" height="36" rx="8" fill="${colour}"/>` +
      `<text x="18" y="23.5" text-anchor="middle" font-size="15" font-weight="700" fill="#fff">` +
      `${escape(letters.toUpperCase())}</text>`,
    36,
  );
}

// Nothing is fetched: an image that is not in the JSON itself becomes a grey box with its alternative text.
function placeholder(alt) {
  const body =
    '<rect width="360" height="120" rx="8" fill="#f0f0f0"/>' +
    '<text x="180" y="65" text-anchor="middle" font-family="Arial,sans-serif" font-size="14" fill="#616061">' +
    `${escape(alt || "image")}</text>`;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="360" height="120" viewBox="0 0 360 120">${body}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}`;
}

// The renderer reads Markdown where Slack has its own, smaller markup: what means nothing to Slack is held back.
const HELD = ["&lt;", "&gt;", "&amp;", "*", "#", "-", "=", "[", "\\", "_", "~", "`", "&nbsp;"];
const hold = (found) =>
  (found.length > 1 && found.startsWith("&") ? [found] : [...found].map((c) => (c === " " ? "&nbsp;" : escape(c))))
    .map((piece) => String.fromCharCode(0xe000 + HELD.indexOf(piece)))
    .join("");
const released = (html) => html.replace(/[\ue000-\ue00c]/g, (c) => HELD[c.charCodeAt(0) - 0xe000]);
const mrkdwn = (text) =>
  text
    .replace(/^&gt; ?/gm, "> ")
    .replace(/&(lt|gt|amp);|(?<![^\s])\*(?!\S)|^#+|^[-=]{2,}(?=\s*$)|^ +|[[\\]/gm, hold);
const plain = (text) => text.replace(/:[a-z0-9_+-]+:|[*_~`<>&#[\\]/g, (c) => (c.startsWith(":") ? c : hold(c)));

// What the renderer stumbles over, put in a form it draws.
function prepared(node) {
  if (Array.isArray(node)) return node.map(prepared);
  if (node === null || typeof node !== "object") return node;
  if (node.type === "raw_number") return { type: "raw_text", text: String(node.text ?? node.value) };
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, prepared(value)]));
  if (copy.type === "mrkdwn") copy.text = mrkdwn(copy.text);
  if (copy.type === "plain_text") copy.text = plain(copy.text);
  for (const key of ["image_url", "thumbnail_url"])
    if (typeof copy[key] === "string" && !copy[key].startsWith("data:")) copy[key] = placeholder(copy.alt_text);
  if (copy.slack_file) Object.assign(copy, { slack_file: undefined, image_url: placeholder(copy.alt_text) });
  return copy;
}

const named = (names = {}) => Object.entries(names).map(([id, name]) => ({ id, name: name.replace(/^[@#]/, "") }));

function drawn(block, { people, channels, groups }) {
  const data = { users: named(people), channels: named(channels), user_groups: named(groups) };
  const props = { blocks: [prepared(block)], name: "", logo: "", theme: "light", withoutWrapper: true, data };
  const html = released(renderToStaticMarkup(createElement(Message, props)));
  return html.replace(/<p>↵ Please[^<]*<\/p>/, "");
}

function drawBlock(block, page) {
  let why = "";
  try {
    const html = drawn(block, page);
    const shows = /<(svg|img|input|select|textarea)\b/.test(html) || html.replace(/<[^>]*>/g, "").trim();
    if (shows || block.type === "divider") return html;
  } catch (error) {
    why = ` (${error.message})`;
  }
  console.error(`not drawn: ${block.type}${why}`);
  return `<div class="missing">${escape(block.type)}</div>`;
}

function drawMessage(message, page) {
  const name = message.name ?? "?";
  const blocks = message.blocks?.length
    ? message.blocks
    : message.text
      ? [{ type: "section", text: { type: "mrkdwn", text: message.text } }]
      : [];
  const body = blocks.map((block) => drawBlock(block, page)).join("");
  const status = message.status ? `<div class="status">${escape(message.status)}</div>` : "";
  const reactions = (message.reactions ?? [])
    .map((reaction) => (typeof reaction === "string" ? { name: reaction } : reaction))
    .map(({ name: of, count = 1 }) => `<span>${escape(emojiNamed(of) ?? `:${of}:`)} <b>${escape(count)}</b></span>`)
    .join("");
  return (
    `<div class="message${message.blocks?.length ? "" : " plain"}">` +
    (message.ephemeral ? `<div class="only">${EYE}Only visible to you</div>` : "") +
    `<div class="avatar">${avatarOf(message)}</div><div class="content">` +
    `<div class="who"><b>${escape(name)}</b>${message.bot ? "<i>APP</i>" : ""}<time>${escape(message.time ?? "")}</time>` +
    `</div>${body}${status}${reactions && `<div class="reactions">${reactions}</div>`}</div></div>`
  );
}

function drawMessages(page) {
  const { messages } = page;
  return messages
    .map((message, at) => {
      const html = drawMessage(message, page);
      if (!message.thread || !at || messages[at - 1].thread) return html;
      const end = messages.findIndex((later, index) => index > at && !later.thread);
      const counted = messages.slice(at, end < 0 ? undefined : end).filter((reply) => !reply.ephemeral);
      const replies = counted.filter((reply) => reply.text || reply.blocks?.length);
      const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
      return `<div class="replies"><span>${count}</span></div>${html}`;
    })
    .join("");
}

// Emoji as pictures: not every machine has a font with them.
function emojiDrawn(html) {
  const emoji = new RegExp("\\p{RGI_Emoji}", "gv");
  let set;
  return html.replace(/>[^<]+/g, (text) =>
    text.replace(emoji, (found) => {
      set ??= { icons: require("@iconify-json/noto/icons.json").icons, chars: require("@iconify-json/noto/chars.json") };
      const points = [...found].map((c) => c.codePointAt(0).toString(16));
      const name = set.chars[points.join("-")] ?? set.chars[points.filter((point) => point !== "fe0f").join("-")];
      const icon = set.icons[name];
      if (!icon) return found;
      const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128">${icon.body}</svg>`;
      return `<img class="emoji" alt="${found}" src="data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}">`;
    }),
  );
}

const STYLE = `
:root{--font:Lato,"Helvetica Neue",Helvetica,Arial,sans-serif}
*{box-sizing:border-box}
html{background:#fff}
body{margin:0;font:15px/1.46668 var(--font);color:#1d1c1d;-webkit-font-smoothing:antialiased}
header{padding:13px 20px 12px;border-bottom:1px solid #e2e2e2;font-weight:700;font-size:18px;line-height:24px}
header small{font-weight:400;font-size:13px;color:#616061;margin-left:8px}
main{padding:10px 0 14px}
svg text{font-family:var(--font)}
.message{display:grid;grid-template-columns:36px minmax(0,1fr);column-gap:8px;padding:8px 20px}
.avatar,.avatar svg,.avatar img{width:36px;height:36px;border-radius:8px;display:block}
.only{grid-column:2;display:flex;align-items:center;gap:5px;font-size:13px;line-height:18px;color:#616061;padding-bottom:3px}
.who{display:flex;align-items:center;line-height:22px;margin-top:-3px}
.who b{font-weight:700}
.who i{font:700 10px/14px var(--font);color:#616061;background:rgba(29,28,29,.1);border-radius:2px;padding:0 3px;margin-left:5px}
.who time{font-size:12px;color:#616061;margin-left:8px}
.status{font-size:13px;line-height:18px;color:#616061;padding-top:4px}
.reactions{display:flex;gap:4px;padding-top:6px}
.reactions span{font-size:14px;line-height:16px;border-radius:12px;background:rgba(29,28,29,.06);padding:4px 8px}
.reactions b{font-size:11px;font-weight:400;color:#616061;margin-left:2px}
.replies{display:flex;align-items:center;padding:6px 20px 4px;font-size:13px;color:#616061}
.replies:after{content:"";flex:1;border-top:1px solid #e2e2e2;margin-left:10px}
img.emoji.emoji{display:inline-block;width:1.4em;height:1.4em;vertical-align:-.33em}
.reactions img.emoji.emoji{width:16px;height:16px;vertical-align:-3px}
.missing{max-width:600px;border:1px dashed #bbb;border-radius:8px;color:#616061;font-size:13px;padding:6px 10px;margin:6px 0}
`;

// Differences between the renderer's sheet and what Slack shows.
const MENDED = `
.slack_blocks_to_jsx.styles_enabled.slack_blocks_to_jsx{font-family:var(--font)!important;color:#1d1c1d;max-width:600px}
.message.plain .slack_blocks_to_jsx.slack_blocks_to_jsx{max-width:none}
.slack_blocks_to_jsx.styles_enabled strong{font-weight:700}
#slack_blocks_to_jsx .slack_blocks_to_jsx__section{margin:4px 0}
.plain #slack_blocks_to_jsx .slack_blocks_to_jsx__section{margin:0}
#slack_blocks_to_jsx p+p{margin-top:8px}
#slack_blocks_to_jsx p:first-child{margin-top:0}
#slack_blocks_to_jsx blockquote:before{display:none}
#slack_blocks_to_jsx .slack_user,#slack_blocks_to_jsx .slack_channel{border-radius:3px;padding:0 2px 1px}
#slack_blocks_to_jsx .slack_blocks_to_jsx__markdown_block{white-space:normal}
#slack_blocks_to_jsx input{accent-color:#1264a3}
#slack_blocks_to_jsx .slack_blocks_to_jsx__checkboxes_element{margin:0}
#slack_blocks_to_jsx .slack_blocks_to_jsx__checkboxes_element fieldset{gap:4px}
#slack_blocks_to_jsx .slack_blocks_to_jsx__checkboxes_element label{gap:8px}
#slack_blocks_to_jsx .slack_blocks_to_jsx__checkboxes_element input{width:16px;height:16px;vertical-align:-2px}
#slack_blocks_to_jsx .slack_blocks_to_jsx__button_element{border-radius:8px;font-weight:700;padding:0 11px 1px}
#slack_blocks_to_jsx .slack_blocks_to_jsx__context_actions{margin:0}
#slack_blocks_to_jsx .slack_blocks_to_jsx__context_actions button{border-color:transparent;color:#616061}
#slack_blocks_to_jsx .slack_blocks_to_jsx__context_actions .mt-2{margin-top:0;margin-left:-4px}
`;

function page(given) {
  const data = Array.isArray(given) ? { messages: given } : given;
  const body = emojiDrawn(
    (data.title
      ? `<header>${escape(data.title)}${data.subtitle ? `<small>${escape(data.subtitle)}</small>` : ""}</header>`
      : "") + `<main>${drawMessages(data)}</main>`,
  );
  const sheet = readFileSync(join(dirname(require.resolve("slack-blocks-to-jsx")), "style.css"), "utf8");
  const policy = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(data.title ?? "Slack")}</title>` +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<style>${sheet}${STYLE}${MENDED}</style></head><body>${body}` +
    "<script>const measure=()=>{document.documentElement.dataset.height=" +
    "Math.ceil(document.body.getBoundingClientRect().height)};" +
    'addEventListener("load",()=>{measure();document.fonts.ready.then(measure)})</script></body></html>'
  );
}

const [from = "-", to = "-"] = process.argv.slice(2);
const html = page(JSON.parse(readFileSync(from === "-" ? 0 : from, "utf8")));
if (to === "-") process.stdout.write(html);
else writeFileSync(to, html);
