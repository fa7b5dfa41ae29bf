// terms.mjs - words a script must not, or has to, contain: the oracle's own reading of a
// pack's terms/<name>.txt (docs/packs.md). It works on characters, not on spans.

// Traditional forms of the characters that the lists have.
const SIMPLE = new Map([..."證证賺赚賠赔須须謹谨產产險险無无剛刚兌兑國国級级佳佳擔担確确諾诺"].reduce(
  (pairs, c, i, all) => (i % 2 === 0 ? [...pairs, [c, all[i + 1]]] : pairs), []));
const SILENT = /[\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\p{Cf}]/u;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const SPACE = /\s/u;

// [{ ch, broken }]: broken when white space or a gap was left out before it.
export function fold(text, gaps) {
  const all = [...text.normalize("NFKC").toLowerCase()]
    .filter((c) => SPACE.test(c) || !(SILENT.test(c) || /\p{Cc}/u.test(c)))
    .map((c) => (SPACE.test(c) ? " " : SIMPLE.get(c) ?? c));
  const loose = (c) => c === " " || gaps.includes(c);
  const out = [];
  for (let i = 0; i < all.length; i++) {
    if (!loose(all[i])) { out.push({ ch: all[i], broken: false }); continue; }
    let end = i;
    while (end < all.length && loose(all[end])) end++;
    const before = i > 0 && CJK.test(all[i - 1]), after = end < all.length && CJK.test(all[end]);
    if (!(before && after)) {
      const spaces = !before && !after && i > 0 && end < all.length;
      for (let k = i; k < end; k++) {
        if (all[k] !== " " || (spaces && out.at(-1)?.ch !== " ")) out.push({ ch: all[k], broken: false });
      }
    }
    if (end < all.length) out.push({ ch: all[end], broken: true });
    i = end;
  }
  return out;
}

export function readTerms(text) {
  const list = { gaps: [], banned: [], allowed: [], required: [] };
  for (const line of text.split("\n").map((l) => l.trim())) {
    const [, word, rest] = /^(\S+)\s+(.*)$/u.exec(line) ?? [];
    if (line.startsWith("#") || word === undefined) continue;
    if (word === "gap") list.gaps = [...rest].filter((c) => c !== " ");
    else if (word === "required") list.required.push(rest.split("|"));
    else list[word].push(rest);
  }
  const key = (term) => fold(term, list.gaps).map((c) => c.ch);
  return { gaps: list.gaps, banned: list.banned.map(key), allowed: list.allowed.map(key),
    required: list.required.map((any) => any.map(key)) };
}

const isWord = (c) => c !== undefined && !CJK.test(c.ch) && /[\p{L}\p{Nd}]/u.test(c.ch);

// Where a term stands: [from, to), whole words only.
function* places(text, term) {
  for (let at = 0; at + term.length <= text.length; at++) {
    const end = at + term.length;
    if (!term.every((ch, i) => text[at + i].ch === ch)) continue;
    if (isWord(text[at]) && isWord(text[at - 1])) continue;
    if (isWord(text[end - 1]) && isWord(text[end])) continue;
    yield [at, end];
  }
}

export function banned(list, script) {
  const text = fold(script, list.gaps);
  const free = list.allowed.flatMap((term) => [...places(text, term)])
    .filter(([from, to]) => !text.slice(from + 1, to).some((c) => c.broken));
  return list.banned.some((term) => [...places(text, term)].some(([from, to]) =>
    !free.some(([a, b]) => a <= from && to <= b)));
}

export function missing(list, script) {
  const text = fold(script, list.gaps);
  return list.required.some((any) => !any.some((term) => !places(text, term).next().done));
}
