// A class's results from the texts of its files: who is who, how items did, which wrong answers were given. The rules are
// those of `lmkit/study/classroom/`, and tests compare the two.

import { messageOf } from "../../base/errors.js";
import { readLog, TAKEN_BACK } from "../../base/progress/file.js";
import { analyse, reliability } from "./statistics.js";

/** @typedef {import("../../base/progress/file.js").Review} Review */
/** @typedef {import("../../base/progress/file.js").Response} Response */
/** @typedef {{ name: string, text: string }} SourceFile */

/**
 * A card, as `ClassResults` sends it: texts are plain.
 *
 * @typedef {object} ItemCard
 * @property {string} id
 * @property {string} kind
 * @property {string} chapter
 * @property {string} title - Of the chapter.
 * @property {string} question
 * @property {{ text: string, right: boolean }[]} choices
 * @property {number} parts - How many gaps, or things in order.
 */

/** @typedef {{ right: boolean, response: Response | undefined }} First */

/**
 * @typedef {object} Student
 * @property {string} name
 * @property {string[]} files
 * @property {Map<string, First>} firsts
 * @property {number} answers
 * @property {number} days
 */

/** @typedef {{ label: string, name: string, answers: Review[] }} ReadFile */

/**
 * @typedef {object} Wrong
 * @property {ItemCard} card
 * @property {string} answer
 * @property {number} givenBy
 * @property {number} known
 */

const DAY = 86_400_000;
const LONGEST_NAME = 100;

/**
 * @param {SourceFile[]} sources
 * @param {ItemCard[]} cards
 */
export function resultsOf(sources, cards) {
  /** @type {Map<string, string>} */
  const skipped = new Map();
  /** @type {ReadFile[]} */
  const files = [];
  for (const { name, text } of [...sources].sort((a, b) => compared(a.name, b.name))) {
    try {
      files.push(readFile(name, text));
    } catch (error) {
      skipped.set(name, messageOf(error));
    }
  }
  const { groups, notes } = grouped(files);
  const { students, twice } = toldApart(groups.map(studentOf));
  const asked = cards.filter(({ id }) => students.some(({ firsts }) => firsts.has(id)));
  const scores = students.map(({ firsts }) => asked.map(({ id }) => scoreOf(firsts.get(id))));
  return {
    students,
    cards: asked,
    items: analyse(scores, asked.length),
    reliabilities: reliabilities(scores, asked),
    wrong: wrongAnswers(students, asked),
    skipped,
    notes: [...notes, ...twice],
  };
}

/** @param {First | undefined} first */
function scoreOf(first) {
  return first ? Number(first.right) : null;
}

/**
 * @param {string} label
 * @param {string} text
 * @returns {ReadFile}
 */
function readFile(label, text) {
  const { entries, faults } = readLog(text);
  if (faults.length) throw new Error(faults[0]);
  const answers = /** @type {Review[]} */ (entries.filter((entry) => "card" in entry));
  const back = new Set(answers.filter(({ grade }) => grade === TAKEN_BACK).map(({ at, card }) => `${at} ${card}`));
  const kept = answers.filter(({ at, card }) => !back.has(`${at} ${card}`));
  return { label, name: nameIn(JSON.parse(text.replace(/^\ufeff/, "")).name), answers: union([kept]) };
}

/**
 * A name that can be shown, else "".
 *
 * @param {unknown} name
 */
function nameIn(name) {
  if (typeof name !== "string") return "";
  const plain = name.trim().split(/\s+/).join(" ");
  if (!plain || plain.length > LONGEST_NAME || /[\p{Cc}\p{Cs}]/u.test(plain)) return "";
  return plain.replace(/(?![\u200c\u200d])\p{Cf}/gu, "").trim();
}

/**
 * The answers of lists in the order of time, each once, with what was answered where one says it.
 *
 * @param {Review[][]} lists
 */
function union(lists) {
  /** @type {Map<string, Review>} */
  const found = new Map();
  for (const answer of lists.flat()) {
    const there = found.get(keyOf(answer));
    if (!there?.response) found.set(keyOf(answer), answer);
  }
  return [...found.values()].sort((a, b) => a.at - b.at || compared(a.card, b.card) || a.grade - b.grade);
}

/** @param {Review} answer */
function keyOf({ at, card, grade }) {
  return `${at} ${card} ${grade}`;
}

/**
 * Which files are one student's, and a note on each pair of names that share answers.
 *
 * @param {ReadFile[]} files
 */
function grouped(files) {
  const owner = files.map((_, i) => i);
  /** @type {(place: number) => number} */
  const root = (place) => (owner[place] === place ? place : root(owner[place]));
  const names = files.map(({ name }) => new Set(name ? [plainOf(name)] : []));
  const notes = [];
  for (const [one, other, count] of shared(files)) {
    if (count < 2 && count < Math.min(files[one].answers.length, files[other].answers.length)) continue;
    const [first, second] = [root(one), root(other)].sort((a, b) => a - b);
    const both = new Set([...names[first], ...names[second]]);
    if (both.size > 1) {
      const share = `${files[one].label} and ${files[other].label} share ${count} ${count === 1 ? "answer" : "answers"}`;
      notes.push(`${share} to the millisecond under two names: one browser for two students, or a copy`);
    } else {
      owner[second] = first;
      names[first] = both;
    }
  }
  /** @type {Map<number, ReadFile[]>} */
  const groups = new Map();
  for (const [i, file] of files.entries()) groups.set(root(i), [...(groups.get(root(i)) ?? []), file]);
  return { groups: [...groups.values()], notes };
}

/**
 * How many answers files share; of many files with one answer, neighbours are compared.
 *
 * @param {ReadFile[]} files
 */
function shared(files) {
  /** @type {Map<string, number>} */
  const last = new Map();
  /** @type {Map<string, [number, number, number]>} */
  const pairs = new Map();
  for (const [i, { answers }] of files.entries()) {
    for (const key of answers.map(keyOf)) {
      const before = last.get(key);
      last.set(key, i);
      if (before === undefined) continue;
      const pair = pairs.get(`${before} ${i}`) ?? [before, i, 0];
      pair[2] += 1;
      pairs.set(`${before} ${i}`, pair);
    }
  }
  return [...pairs.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/**
 * @param {ReadFile[]} files
 * @returns {Student}
 */
function studentOf(files) {
  const answers = union(files.map((file) => file.answers));
  /** @type {Map<string, First>} */
  const firsts = new Map();
  for (const { card, grade, response } of answers) {
    if (!firsts.has(card)) firsts.set(card, { right: grade > 1, response });
  }
  const name = files.find((file) => file.name)?.name ?? files[0].label.replace(/\.json$/i, "");
  const days = new Set(answers.map(({ at }) => Math.floor(at / DAY))).size;
  return { name, files: files.map(({ label }) => label), firsts, answers: answers.length, days };
}

/**
 * The students by name, with their files in the names that two have, and a note on each such name.
 *
 * @param {Student[]} students
 */
function toldApart(students) {
  /** @type {Map<string, Student[]>} */
  const byName = new Map();
  for (const student of students) {
    byName.set(plainOf(student.name), [...(byName.get(plainOf(student.name)) ?? []), student]);
  }
  const natural = new Intl.Collator("en", { numeric: true });
  const names = [...byName.keys()].sort(natural.compare);
  /** @type {string[]} */
  const twice = [];
  const told = names.flatMap((plain) => {
    const same = byName.get(plain) ?? [];
    if (same.length === 1) return same;
    const rule = `${same.length} students are called ‘${same[0].name}’, for their files share no answer`;
    twice.push(`${rule}: ${same.map(({ files }) => files[0]).join(", ")}`);
    return same.map((student) => ({ ...student, name: `${student.name} (${student.files[0]})` }));
  });
  return { students: told, twice };
}

/**
 * @param {import("./statistics.js").Row[]} scores
 * @param {ItemCard[]} cards
 */
function reliabilities(scores, cards) {
  if (!cards.length) return [];
  const titles = [...new Set(cards.map(({ title }) => title))];
  const found = titles.map((title) => {
    const kept = cards.flatMap((card, i) => (card.title === title ? [i] : []));
    const own = scores.map((row) => kept.map((i) => row[i]));
    return { title, ...reliability(own, kept.length) };
  });
  return [...found, { title: "all", ...reliability(scores, cards.length) }];
}

/**
 * The wrong first answers, the most frequent first.
 *
 * @param {Student[]} students
 * @param {ItemCard[]} cards
 * @returns {Wrong[]}
 */
function wrongAnswers(students, cards) {
  const found = cards.flatMap((card) => {
    const firsts = students.flatMap(({ firsts }) => firsts.get(card.id) ?? []).filter((first) => isOf(card, first));
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { right, response = [] } of firsts) {
      if (!right) for (const part of wrongParts(card, response)) counts.set(part, (counts.get(part) ?? 0) + 1);
    }
    return [...counts].map(([answer, givenBy]) => ({ card, answer, givenBy, known: firsts.length }));
  });
  return found.sort((a, b) => b.givenBy - a.givenBy);
}

/**
 * Whether an answer is one to this card as it is here: if places are judged, the verdict is the same.
 *
 * @param {ItemCard} card
 * @param {First} first
 */
export function isOf({ kind, choices, parts }, { right, response }) {
  if (!response) return false;
  const typed = response.every((part) => typeof part === "string");
  if (kind === "number") return typed && response.length === 1;
  if (kind === "fill") return typed && response.length === parts;
  if (typed) return false;
  if (kind === "order") {
    const each = new Set(response).size === parts && response.every((place) => Number(place) < parts);
    return each && right === (response.length === parts && response.every((place, i) => place === i));
  }
  const wanted = choices.flatMap((choice, i) => (choice.right ? [i] : []));
  const chosen = [...response].sort((a, b) => Number(a) - Number(b));
  return chosen.every((place) => Number(place) < choices.length) && right === (String(chosen) === String(wanted));
}

/**
 * What is wrong in an answer.
 *
 * @param {ItemCard} card
 * @param {Response} response
 * @returns {string[]}
 */
function wrongParts({ kind, choices }, response) {
  if (kind === "single") return response.map((place) => choices[Number(place)].text);
  if (kind === "order") return [response.map((place) => Number(place) + 1).join(", ")];
  if (kind !== "multiple") return [response.map(formOf).join("; ")];
  return choices.flatMap(({ text, right }, i) => {
    if (right === response.includes(i)) return [];
    return [`${right ? "not chosen" : "chosen"}: ${text}`];
  });
}

/** @param {number | string} typed */
function formOf(typed) {
  return String(typed).toLowerCase().trim().split(/\s+/).join(" ");
}

/** @param {string} name */
function plainOf(name) {
  return name.normalize("NFKC").toLowerCase().trim().split(/\s+/).join(" ");
}

/**
 * @param {string} one
 * @param {string} other
 */
function compared(one, other) {
  return one < other ? -1 : Number(one > other);
}
