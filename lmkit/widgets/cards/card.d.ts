// A card as Python gives it to the browser; see `lmkit.study`. Texts of the type Html are markup that Python has made.

export type Html = string;

/** What cards of all kinds have. */
interface Common {
  id: string;
  chapter: string;
  chapterTitle: string;
  section: string;
  anchor: string;
  covers: string[];
  question: Html;
  explanation: Html;
  drawing: DrawingData | null;
  /** Whether it asks what the book's own runs measured. */
  lab: boolean;
}

/** What cards of each kind have beside that. */
interface Own {
  flashcard: { answer: Html };
  draw: { steps: Html[]; drawing: DrawingData };
  single: { choices: Choice[] };
  multiple: { choices: Choice[] };
  fill: { text: Html; code: boolean; gaps: Gap[] };
  number: { answer: number; tolerance: number; unit: string; why: Html; hints: { value: number; why: Html }[] };
  order: { items: { text: Html; why: Html }[] };
}

/** A response to a card that the browser judges; lists hold places in the card's own order. */
export interface Responses {
  /** The place of the choice, null while there is none. */
  single: number | null;
  multiple: number[];
  /** What was typed, by the names of gaps. */
  fill: Record<string, string>;
  number: string;
  /** The reader's order, [] while nothing was moved. */
  order: number[];
}

export interface Choice {
  text: Html;
  right: boolean;
  why: Html;
}

export interface Gap {
  name: string;
  /** What is shown as the answer. */
  answer: string;
  /** All right answers; in code, by their normal form. */
  accepted: string[];
  why: Html;
  /** By wrong answers. */
  hints: Record<string, Html>;
}

/** An SVG in which `data-step` says from which step on a part is seen. */
export interface DrawingData {
  svg: string;
  alt: string;
  steps: number;
}

export type Kind = keyof Own;
export type JudgedKind = keyof Responses;
export type CardOf<K extends Kind> = { [P in K]: Common & Own[P] & { kind: P } }[K];
export type Card = CardOf<Kind>;
export type CardResponse = Responses[JudgedKind] | null;
